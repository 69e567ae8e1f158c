/** Keys whose values belong to the user: never re-cased (contract 5.1). */
type Verbatim = 'metadata' | 'env' | 'headers';
const VERBATIM: ReadonlySet<string> = new Set<Verbatim>(['metadata', 'env', 'headers']);

type CamelKey<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelKey<Tail>>}` : S;

/** The camelCase form of a wire type. */
export type Camel<T> = T extends readonly (infer Item)[]
  ? Camel<Item>[]
  : T extends object
    ? { [K in keyof T as K extends string ? CamelKey<K> : K]: K extends Verbatim ? T[K] : Camel<T[K]> }
    : T;

/** Names come from a small closed set, so each is converted once per process; the bound keeps foreign names from growing it for ever. */
const memo = (convert: (key: string) => string): ((key: string) => string) => {
  const known = new Map<string, string>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = convert(key);
    if (known.size < 2000) known.set(key, made);
    return made;
  };
};

const camelKey = memo((key) => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
const snakeKey = memo((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

const recase = (value: unknown, key: (key: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((item) => recase(item, key));
  if (value === null || typeof value !== 'object') return value;
  const out: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) out[key(name)] = VERBATIM.has(name) ? inner : recase(inner, key);
  return out;
};

export const toCamel = (value: unknown): unknown => recase(value, camelKey);
export const toSnake = (value: unknown): unknown => recase(value, snakeKey);
export const snakeName = snakeKey;
