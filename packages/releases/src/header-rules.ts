import type { HeaderRule } from './manifest.ts';
import { matchPattern, parsePattern, pathParts } from './pattern.ts';

/** Contract 6. */
export const MAX_HEADER_RULES = 200;
const MAX_FIELDS_PER_RULE = 50;
const MAX_VALUE_CHARACTERS = 4096;
const MAX_PATTERN_CHARACTERS = 2048;

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/**
 * Fields that belong to the connection, to the platform or to the way the bytes are sent: a rule that sets them is ignored (contract 4.5 names
 * the first group; the others would make answers that contradict their bodies, or speak for other hosts).
 */
const IGNORED = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'http2-settings', 'set-cookie', 'host', 'content-length'],
  ...['content-encoding', 'content-range', 'accept-ranges', 'etag', 'last-modified', 'date', 'location', 'age', 'allow'],
  ...['server', 'via', 'alt-svc', 'clear-site-data', 'x-content-type-options', 'x-request-id'],
]);

const isIgnored = (name: string): boolean => IGNORED.has(name) || name.startsWith('x-miosa-');

const PLACEHOLDER = /\/:[A-Za-z]/;

/** @throws Error with one sentence. Whole URLs, as other hosts' dialects have them, are refused, so that no rule silently means nothing. */
const checkPattern = (pattern: string): void => {
  if (!pattern.startsWith('/')) throw new Error(`a rule begins with a path ("/…"), not "${pattern}"`);
  if (/\s/.test(pattern)) throw new Error(`a path has no spaces ("${pattern}")`);
  if (pattern.length > MAX_PATTERN_CHARACTERS) throw new Error(`a path is longer than ${MAX_PATTERN_CHARACTERS} characters`);
  if (PLACEHOLDER.test(pattern)) parsePattern(pattern);
  if (pattern.split('*').length > 2) throw new Error(`a path has one "*" at most ("${pattern}")`);
  if (/[?#]/.test(pattern)) throw new Error(`a path has no "?" or "#" ("${pattern}")`);
};

/** @throws Error with one sentence. */
export const checkField = (name: string, value: string): void => {
  if (!NAME.test(name)) throw new Error(`"${name}" is not a header name`);
  if (!VALUE.test(value)) throw new Error(`the value of ${name} holds characters that a header cannot carry`);
  if (value.length > MAX_VALUE_CHARACTERS) throw new Error(`the value of ${name} is longer than ${MAX_VALUE_CHARACTERS} characters`);
};

interface Draft {
  readonly pattern: string;
  readonly set: [string, string][];
}

const addField = (rule: Draft | undefined, text: string): void => {
  if (rule === undefined) throw new Error('a header stands below a path, not before it');
  const colon = text.indexOf(':');
  if (colon <= 0) throw new Error(`a header is written "Name: value", not "${text}"`);
  const [name, value] = [text.slice(0, colon).trimEnd(), text.slice(colon + 1).trim()];
  checkField(name, value);
  if (isIgnored(name.toLowerCase())) return;
  // A field given twice is one list (RFC 9110 §5.2).
  const same = rule.set.find(([other]) => other.toLowerCase() === name.toLowerCase());
  if (same !== undefined) same[1] = `${same[1]}, ${value}`;
  else if (rule.set.length === MAX_FIELDS_PER_RULE) throw new Error(`a path has at most ${MAX_FIELDS_PER_RULE} headers`);
  else rule.set.push([name, value]);
};

export const checkHeaderRules = (rules: readonly HeaderRule[]): void => {
  if (rules.length > MAX_HEADER_RULES) throw new Error(`at most ${MAX_HEADER_RULES} paths`);
  for (const { pattern, set } of rules) {
    checkPattern(pattern);
    for (const [name, value] of set) {
      checkField(name, value);
      if (isIgnored(name.toLowerCase())) throw new Error(`${name} is not for a site to set`);
    }
  }
};

/** One line at a time; throws for the line that is wrong. */
export const headerLines = () => {
  const rules: Draft[] = [];
  return {
    rules,
    add: (line: string): void => {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) return;
      if (/^\s/.test(line)) {
        addField(rules.at(-1), text);
        return;
      }
      if (rules.length === MAX_HEADER_RULES) throw new Error(`more than ${MAX_HEADER_RULES} rules`);
      checkPattern(text);
      rules.push({ pattern: text, set: [] });
    },
  };
};

type Matcher = (path: string) => boolean;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Without placeholders "*" may stand anywhere, as in "/*.js": two comparisons. */
const matcherOf = (text: string): Matcher => {
  if (PLACEHOLDER.test(text)) {
    const pattern = parsePattern(text);
    return (path) => matchPattern(pattern, pathParts(path)) !== null;
  }
  const [prefix = '', suffix] = text.split('*').map(decoded);
  if (suffix === undefined) return (path) => path === prefix;
  return (path) => path.length >= prefix.length + suffix.length && path.startsWith(prefix) && path.endsWith(suffix);
};

const NONE: readonly number[] = [];

/** Which rules speak of a path; and what they set together: of two that set the same field the later one counts. */
export const createHeaderRules = (rules: readonly HeaderRule[]) => {
  const matchers = rules.map(({ pattern }) => matcherOf(pattern));
  return {
    /** Indexes, ascending. */
    matching: (path: string): readonly number[] => {
      if (matchers.length === 0) return NONE;
      const found: number[] = [];
      matchers.forEach((matches, i) => {
        if (matches(path)) found.push(i);
      });
      return found;
    },
    fields: (indexes: readonly number[]): HeaderRule['set'] => {
      const fields = new Map<string, readonly [string, string]>();
      for (const index of indexes) for (const field of rules[index]?.set ?? []) fields.set(field[0].toLowerCase(), field);
      return [...fields.values()];
    },
  };
};
