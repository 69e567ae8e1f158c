/** As on a file system: the longest path and the longest name a release may hold, in bytes of UTF-8. */
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NEVER = /[\0-\x1f\x7f\\]/;

const EMPTY_OR_DOTS = /(?:^|\/)\.{0,2}(?:\/|$)/;
/** UTF-8 of one UTF-16 unit takes at most this much: short paths need no counting. */
const BYTES_PER_UNIT = 3;

/** Whether a path may name a file of a release: relative, `/` between parts, no empty, `.` or `..` part, no control character, valid Unicode. */
export const isSitePath = (path: string): boolean => {
  if (EMPTY_OR_DOTS.test(path) || NEVER.test(path) || !path.isWellFormed()) return false;
  const most = path.length * BYTES_PER_UNIT;
  if (most > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES) return false;
  return most <= MAX_NAME_BYTES || path.split('/').every((part) => Buffer.byteLength(part) <= MAX_NAME_BYTES);
};

/** The rule files: read at publish time, never served. */
const RULE_FILES = new Set(['_headers', '_redirects']);

/** Whether visitors may see a file: no dot-files but those of `/.well-known`, no rule files (contract 4.5). */
export const isServed = (path: string): boolean => {
  if (RULE_FILES.has(path)) return false;
  return !/(?:^|\/)\./.test(path.startsWith('.well-known/') ? path.slice('.well-known/'.length) : path);
};

export type RequestPath = { readonly path: string } | { readonly fault: 'malformed' | 'absent' };

const MALFORMED = { fault: 'malformed' } as const;
const ABSENT = { fault: 'absent' } as const;

/**
 * A request target's path, percent-decoded exactly once: `malformed` when that is not UTF-8 text, `absent` when no file can have such a name
 * (an encoded slash, a backslash, `..`, dot-files). The result begins with `/`.
 */
export const decodeRequestPath = (raw: string): RequestPath => {
  let path = raw;
  if (raw.includes('%')) {
    try {
      path = decodeURIComponent(raw);
    } catch {
      return MALFORMED;
    }
    if (/%2f/i.test(raw)) return ABSENT;
  }
  if (path.includes('\0')) return MALFORMED;
  if (!path.startsWith('/') || path.includes('\\')) return ABSENT;
  return path.includes('/.') && !isServed(path.slice(1)) ? ABSENT : { path };
};
