import type { RedirectRule } from './manifest.ts';
import { isExact, matchPattern, type PathParts, type Pattern, parsePattern, partsOf, pathParts, placeholdersOf } from './pattern.ts';
import { locationOf, namesIn, parseTarget, rewrittenPath, type Target } from './redirect-target.ts';

/** Contract 6. */
export const MAX_REDIRECT_RULES = 2000;
const MAX_CHARACTERS = 2048;
const STATUSES = [301, 302, 307, 308, 404, 200];

interface Compiled {
  readonly order: number;
  readonly pattern: Pattern;
  readonly target: Target;
  readonly status: number;
  readonly force: boolean;
}

/** @throws Error with one sentence. */
const compile = ({ from, to, status, force }: RedirectRule, order: number): Compiled => {
  if (from.length > MAX_CHARACTERS || to.length > MAX_CHARACTERS) throw new Error(`a path is longer than ${MAX_CHARACTERS} characters`);
  if (!STATUSES.includes(status)) throw new Error(`the status is one of ${STATUSES.join(', ')}, not ${status}`);
  const [pattern, target] = [parsePattern(from), parseTarget(to)];
  const known = placeholdersOf(pattern);
  const unknown = namesIn(target).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`":${unknown}" of the target does not stand in the path`);
  const rewrites = status === 200 || status === 404;
  if (rewrites && target.origin !== '') throw new Error(`the target of a ${status} is an own path, not another site`);
  if (rewrites && rewrittenPath(target, new Map()) === null) throw new Error(`"${to}" holds a broken percent escape`);
  return { order, pattern, target, status, force };
};

const fromLine = (text: string): RedirectRule => {
  const words = text.split(/\s+/);
  const comment = words.findIndex((word) => word.startsWith('#'));
  const [from, to, code = '301', ...rest] = comment === -1 ? words : words.slice(0, comment);
  if (from === undefined || to === undefined) throw new Error('a rule is written "from to [status]"');
  if (rest.length > 0) throw new Error(`nothing may follow the status ("${rest.join(' ')}")`);
  const [, digits, force] = /^([0-9]{3})(!?)$/.exec(code) ?? [];
  if (digits === undefined) throw new Error(`the status is one of ${STATUSES.join(', ')}, with "!" to hide a file, not "${code}"`);
  return { from, to, status: Number(digits), force: force === '!' };
};

export const checkRedirectRules = (rules: readonly RedirectRule[]): void => {
  if (rules.length > MAX_REDIRECT_RULES) throw new Error(`at most ${MAX_REDIRECT_RULES} rules`);
  rules.forEach(compile);
};

/** One line at a time; throws for the line that is wrong. */
export const redirectLines = () => {
  const rules: RedirectRule[] = [];
  return {
    rules,
    add: (line: string): void => {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) return;
      if (rules.length === MAX_REDIRECT_RULES) throw new Error(`more than ${MAX_REDIRECT_RULES} rules`);
      const rule = fromLine(text);
      compile(rule, 0);
      rules.push(rule);
    },
  };
};

export interface Redirected {
  readonly status: number;
  readonly force: boolean;
  /** The `Location` of a redirect. */
  readonly location: (query: string) => string;
  /** The own path that a 200 or 404 answers with; decoded. */
  readonly path: () => string | null;
}

const exactKey = (parts: readonly string[]): string => parts.join('/');

/** Those that can match, found by the first part of the path; the rest of the 2000 is not looked at. */
const createIndex = (rules: readonly Compiled[]) => {
  const exact = new Map<string, Compiled>();
  const byFirst = new Map<string, Compiled[]>();
  const anyFirst: Compiled[] = [];
  for (const rule of rules) {
    const [first] = rule.pattern.parts;
    if (isExact(rule.pattern)) {
      const key = exactKey(rule.pattern.parts as string[]);
      if (!exact.has(key)) exact.set(key, rule);
    } else if (typeof first === 'string') {
      const same = byFirst.get(first);
      if (same === undefined) byFirst.set(first, [rule]);
      else same.push(rule);
    } else anyFirst.push(rule);
  }
  return { exact: (parts: readonly string[]) => exact.get(exactKey(parts)), first: (part: string) => byFirst.get(part) ?? [], anyFirst };
};

const firstMatch = (rules: readonly Compiled[], path: PathParts, before: number) => {
  for (const rule of rules) {
    if (rule.order >= before) return null;
    const values = matchPattern(rule.pattern, path);
    if (values !== null) return { rule, values };
  }
  return null;
};

const NO_VALUES: ReadonlyMap<string, string> = new Map();

/** `/blog → /blog/` also matches `/blog/`, since slashes at the end make no difference; that one is no redirect, or it would never end. */
const leadsBack = ({ target, status }: Compiled, path: string): boolean =>
  status !== 200 && status !== 404 && target.origin === '' && locationOf(target, NO_VALUES, '') === path;

/** Finds the first rule that matches a decoded path. */
export const createRedirects = (rules: readonly RedirectRule[]): ((path: string) => Redirected | null) => {
  if (rules.length === 0) return () => null;
  const index = createIndex(rules.map(compile));
  return (path) => {
    const parts = pathParts(path);
    const exact = index.exact(partsOf(path));
    let found = exact === undefined ? null : { rule: exact, values: NO_VALUES };
    found = firstMatch(index.first(parts.parts[0] ?? ''), parts, found?.rule.order ?? Number.POSITIVE_INFINITY) ?? found;
    found = firstMatch(index.anyFirst, parts, found?.rule.order ?? Number.POSITIVE_INFINITY) ?? found;
    if (found === null || (isExact(found.rule.pattern) && leadsBack(found.rule, path))) return null;
    const { rule, values } = found;
    return {
      ...{ status: rule.status, force: rule.force },
      location: (query) => locationOf(rule.target, values, query),
      path: () => rewrittenPath(rule.target, values),
    };
  };
};
