import type { HeaderRule, RedirectRule } from './manifest.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the rule.
const FORBIDDEN = /[\\\u0000-\u001f\u007f]/;

/** A relative path with `/`, no empty, `.` or `..` part, no backslash or control character. */
export const isSitePath = (path: string): boolean =>
  path.length <= 1024 && !FORBIDDEN.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

export const parseHeaders = (_text: string): readonly HeaderRule[] => [];
export const parseRedirects = (_text: string): readonly RedirectRule[] => [];
