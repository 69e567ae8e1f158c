/** A rule's path pattern, taken apart: literal parts, `:placeholders` for one part each, and `*` for the rest. */
export interface Pattern {
  /** Literal text of a part, or the placeholder it fills. */
  readonly parts: readonly (string | { readonly placeholder: string })[];
  readonly splat: boolean;
}

const PLACEHOLDER = /^:[A-Za-z][A-Za-z0-9_]*$/;
const MAX_PLACEHOLDERS = 16;

/** Parts of a path without the empty ones at its ends: a slash at the end makes no difference to a rule. */
export const partsOf = (path: string): string[] => {
  const end = path.length > 1 && path.endsWith('/') ? -1 : undefined;
  const inner = path.slice(1, end);
  return inner === '' ? [] : inner.split('/');
};

/** @throws Error with one sentence that says what is wrong. */
export const parsePattern = (text: string): Pattern => {
  if (!text.startsWith('/')) throw new Error(`the path must begin with "/", not "${text}"`);
  if (/[?#]/.test(text)) throw new Error(`a path has no "?" or "#" ("${text}")`);
  let decoded: string[];
  try {
    decoded = partsOf(text).map(decodeURIComponent);
  } catch {
    throw new Error(`"${text}" holds a broken percent escape`);
  }
  const splat = decoded.at(-1) === '*';
  const kept = splat ? decoded.slice(0, -1) : decoded;
  if (kept.some((part) => part.includes('*'))) throw new Error(`"*" stands for the rest of a path: only as its last part, as in "/blog/*"`);
  const parts = kept.map((part) => (PLACEHOLDER.test(part) ? { placeholder: part.slice(1) } : part));
  const names = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.placeholder]));
  if (new Set(names).size !== names.length) throw new Error(`"${text}" names a placeholder twice`);
  if (names.length > MAX_PLACEHOLDERS) throw new Error(`a path has at most ${MAX_PLACEHOLDERS} placeholders`);
  if (names.includes('splat')) throw new Error('":splat" is what "*" stood for; another name is needed');
  return { parts, splat };
};

export const placeholdersOf = ({ parts, splat }: Pattern): string[] => [
  ...parts.flatMap((part) => (typeof part === 'string' ? [] : [part.placeholder])),
  ...(splat ? ['splat'] : []),
];

/** No placeholder, no `*`: one path and no other. */
export const isExact = ({ parts, splat }: Pattern): boolean => !splat && parts.every((part) => typeof part === 'string');

/** A request's decoded path, taken apart once for all rules. */
export interface PathParts {
  readonly parts: readonly string[];
  readonly folder: boolean;
}

export const pathParts = (path: string): PathParts => ({ parts: partsOf(path), folder: path.length > 1 && path.endsWith('/') });

/** What the placeholders stand for in this path (`splat`: the rest as it was), or null when it does not match. Linear in the parts. */
export const matchPattern = ({ parts, splat }: Pattern, { parts: path, folder }: PathParts): ReadonlyMap<string, string> | null => {
  if (splat ? path.length < parts.length : path.length !== parts.length) return null;
  for (let i = 0; i < parts.length; i++) {
    const [want, got] = [parts[i], path[i]];
    if (typeof want === 'string' ? want !== got : got === '') return null;
  }
  const values = new Map<string, string>();
  parts.forEach((part, i) => {
    if (typeof part !== 'string') values.set(part.placeholder, path[i] ?? '');
  });
  const rest = path.slice(parts.length).join('/');
  if (splat) values.set('splat', folder && rest !== '' ? `${rest}/` : rest);
  return values;
};
