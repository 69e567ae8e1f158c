import { snakeName } from './case.ts';

type Scalar = string | number | boolean | Date | null | undefined;
/** Query parameters in camelCase; `undefined` and `null` are left out, arrays repeat the name. */
export type Parameters = object;

const textOf = (value: Scalar): string => (value instanceof Date ? value.toISOString() : String(value));

/** A path with every inserted value percent-encoded, so that an id from outside cannot name another route. */
export const path = (strings: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  strings.reduce((text, part, i) => text + segment(values[i - 1]) + part);

const segment = (value: string | number | undefined): string => {
  const text = encodeURIComponent(String(value ?? ''));
  // URL parsers resolve dot segments even when percent-encoded; an empty one would name the collection.
  if (text === '' || text === '.' || text === '..') throw new TypeError(`"${text}" is not an id.`);
  return text;
};

export const urlOf = (pathname: string, query: Parameters | undefined): string => {
  if (query === undefined) return pathname;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) search.append(snakeName(name), textOf(item as Scalar));
    }
  }
  const text = search.toString();
  return text === '' ? pathname : `${pathname}?${text}`;
};
