import type { HeaderRule, RedirectRule } from './manifest.ts';

/** Contract 6. */
const MAX_REDIRECTS = 2000;
const MAX_HEADER_RULES = 200;
const MAX_LINE_CHARACTERS = 4096;

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the rule.
const FORBIDDEN = /[\\\u0000-\u001f\u007f]/;

/** A relative path with `/`, no empty, `.` or `..` part, no backslash or control character. */
export const isSitePath = (path: string): boolean =>
  path.length <= 1024 && !FORBIDDEN.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** A mistake in a rules file, with the line it is in. */
export class RuleError extends Error {
  constructor(file: string, line: number, message: string) {
    super(`${file}, line ${line}: ${message}`);
  }
}

interface Line {
  readonly number: number;
  readonly indented: boolean;
  readonly text: string;
}

/** Without comments and empty lines. */
const linesOf = (file: string, text: string): Line[] =>
  text.split(/\r\n|\n|\r/).flatMap((raw, n) => {
    if (raw.length > MAX_LINE_CHARACTERS) throw new RuleError(file, n + 1, `longer than ${MAX_LINE_CHARACTERS} characters`);
    const bare = raw.trim();
    return bare === '' || bare.startsWith('#') ? [] : [{ number: n + 1, indented: /^[ \t]/.test(raw), text: bare }];
  });

const PLACEHOLDER = /^:[A-Za-z_][A-Za-z0-9_]*$/;

/** What is wrong with a path pattern: `/a/:name/*`; a placeholder is a whole part, the splat the last. */
const patternFault = (pattern: string): string | null => {
  if (!pattern.startsWith('/') || pattern.startsWith('//')) return `"${pattern}" must be a path that starts with one /`;
  if (/[?#]/.test(pattern) || FORBIDDEN.test(pattern)) return `"${pattern}" must be a path without ? and #`;
  const parts = pattern.slice(1).split('/');
  const splat = parts.findIndex((part) => part.includes('*'));
  if (splat >= 0 && (splat !== parts.length - 1 || parts[splat] !== '*')) return `"${pattern}": * stands alone and at the end`;
  const names = parts.filter((part) => part.startsWith(':'));
  const odd = names.find((name) => !PLACEHOLDER.test(name) || name === ':splat');
  if (odd !== undefined) return `"${pattern}": ${odd} is no name of a placeholder`;
  return new Set(names).size === names.length ? null : `"${pattern}" names a placeholder twice`;
};

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Not theirs to set: what describes the connection or the message itself, cookies of a shared domain. */
const IGNORED = new Set(
  (
    'connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade set-cookie ' +
    'host content-length content-encoding content-range accept-ranges etag date server vary'
  ).split(' '),
);

/** Contract 4.5, `_headers`: a path pattern, then indented `Name: value` lines. @throws RuleError */
export const parseHeaders = (text: string): HeaderRule[] => {
  const file = '_headers';
  const rules: { pattern: string; set: [string, string][] }[] = [];
  for (const { number, indented, text: line } of linesOf(file, text)) {
    if (!indented) {
      const fault = patternFault(line);
      if (fault !== null) throw new RuleError(file, number, fault);
      if (rules.length === MAX_HEADER_RULES) throw new RuleError(file, number, `there are more than ${MAX_HEADER_RULES} rules`);
      rules.push({ pattern: line, set: [] });
      continue;
    }
    const rule = rules.at(-1);
    if (rule === undefined) throw new RuleError(file, number, 'a header needs a path above it');
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1).trim();
    if (!HEADER_NAME.test(name)) throw new RuleError(file, number, 'expected "Name: value"');
    if (!HEADER_VALUE.test(value)) throw new RuleError(file, number, `the value of ${name} has characters that no header can hold`);
    if (!IGNORED.has(name.toLowerCase())) rule.set.push([name, value]);
  }
  return rules.filter(({ set }) => set.length > 0);
};

const STATUSES = new Set([200, 301, 302, 307, 308, 404]);

const targetFault = (to: string, from: string, status: number): string | null => {
  const isOwn = to.startsWith('/') && !to.startsWith('//') && !FORBIDDEN.test(to);
  const isOther = to.startsWith('https://') && URL.canParse(to) && !FORBIDDEN.test(to);
  if (!isOwn && !isOther) return `"${to}" must be an own path or an https address`;
  if (!isOwn && (status === 200 || status === 404)) return `status ${status} works with an own path only`;
  if (isOther && /^https:\/\/[^/?#]*:[A-Za-z_]/.test(to)) return 'a placeholder cannot be part of a host name';
  const known = new Set(from.split('/').filter((part) => part.startsWith(':')));
  if (from.endsWith('/*')) known.add(':splat');
  const used = to.replace(/^https:\/\/[^/?#]*/, '').match(/:[A-Za-z_][A-Za-z0-9_]*/g) ?? [];
  const unknown = used.find((name) => !known.has(name));
  return unknown === undefined ? null : `"${to}" uses ${unknown}, which "${from}" does not have`;
};

/** Contract 4.5, `_redirects`: `from to [status][!]`, a rule a line. @throws RuleError */
export const parseRedirects = (text: string): RedirectRule[] => {
  const file = '_redirects';
  return linesOf(file, text).map(({ number, text: line }, n) => {
    if (n === MAX_REDIRECTS) throw new RuleError(file, number, `there are more than ${MAX_REDIRECTS} rules`);
    const [from = '', to, code = '301', ...rest] = line.split(/[ \t]+/);
    if (to === undefined || rest.length > 0) throw new RuleError(file, number, 'expected "from to [status][!]"');
    const force = code.endsWith('!');
    const status = Number(force ? code.slice(0, -1) || '301' : code);
    if (!STATUSES.has(status)) throw new RuleError(file, number, `"${code}" must be 200, 301, 302, 307, 308 or 404, with or without !`);
    const fault = patternFault(from) ?? targetFault(to, from, status);
    if (fault !== null) throw new RuleError(file, number, fault);
    return { from, to, status, force };
  });
};

/** A compiled pattern: what it captured, by name, or null. */
export type Matcher = (path: string) => Readonly<Record<string, string>> | null;

/** Whether a pattern is one path and nothing else. */
export const isLiteral = (pattern: string): boolean => !/[:*]/.test(pattern);

/** `/a/*` is `/a` too, with an empty splat; a slash at the end makes no difference. */
export const compilePattern = (pattern: string): Matcher => {
  const names: string[] = [];
  const parts = pattern.replace(/\/$/, '').slice(1).split('/');
  let source = '';
  for (const part of parts) {
    if (part === '*') {
      names.push('splat');
      source += '(?:/(.*))?';
    } else if (part.startsWith(':')) {
      names.push(part.slice(1));
      source += '/([^/]+)';
    } else source += `/${part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')}`;
  }
  const expression = new RegExp(`^${source === '/' ? '' : source}/?$`, 's');
  return (path) => {
    const match = expression.exec(path);
    return match === null ? null : Object.fromEntries(names.map((name, n) => [name, match[n + 1] ?? '']));
  };
};
