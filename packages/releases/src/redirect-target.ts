/** Where a redirect leads: literal text and placeholders in turn. */
export interface Target {
  /** An own path, or the origin of another site. */
  readonly origin: string;
  readonly path: readonly (string | { readonly placeholder: string })[];
  readonly query: string | null;
  readonly fragment: string;
}

const PLACEHOLDER = /:([A-Za-z][A-Za-z0-9_]*)/;
const UNSAFE = /[\0-\x20\x7f\\]/;

const originOf = (text: string): string => {
  const authority = /^https:\/\/([^/?#]*)/i.exec(text)?.[1];
  if (authority === undefined) throw new Error(`the target must be an own path ("/…") or an absolute https URL, not "${text}"`);
  // Else the visitor's path would choose whose site it is.
  if (PLACEHOLDER.test(authority)) throw new Error(`no placeholder may stand in the host of a target ("${text}")`);
  if (authority.includes('@')) throw new Error(`a target holds no user name ("${text}")`);
  if (!URL.canParse(`https://${authority}`)) throw new Error(`"${authority}" is not a host`);
  return text.slice(0, 'https://'.length + authority.length);
};

/** @throws Error with one sentence that says what is wrong. */
export const parseTarget = (text: string): Target => {
  if (UNSAFE.test(text) || !text.isWellFormed()) throw new Error(`the target holds a character that no address has ("${text}")`);
  if (text.startsWith('//')) throw new Error(`a target that begins with "//" names another host; write "https:" before it`);
  const origin = text.startsWith('/') ? '' : originOf(text);
  const [, path = '', query, fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text.slice(origin.length)) ?? [];
  if (PLACEHOLDER.test((query ?? '') + fragment)) throw new Error(`placeholders stand in the path of a target only ("${text}")`);
  const pieces = path.split(/(:[A-Za-z][A-Za-z0-9_]*)/).filter((piece) => piece !== '');
  return {
    ...{ origin, fragment, query: query ?? null },
    path: pieces.map((piece) => (piece.startsWith(':') && PLACEHOLDER.test(piece) ? { placeholder: piece.slice(1) } : piece)),
  };
};

export const namesIn = (target: Target): string[] => target.path.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.placeholder]));

const encodePart = (part: string): string => encodeURIComponent(part).replace(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);

/** A decoded path as it stands in a URL. */
export const encodePath = (path: string): string => path.split('/').map(encodePart).join('/');

/** Text that is a URL already, with what no header may hold escaped. */
export const ascii = (text: string): string => text.toWellFormed().replace(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char));

const filled = (target: Target, values: ReadonlyMap<string, string>, literal: (text: string) => string, value: (text: string) => string) =>
  target.path.map((piece) => (typeof piece === 'string' ? literal(piece) : value(values.get(piece.placeholder) ?? ''))).join('');

/** One slash at the front, whatever the placeholders held: `//evil.example` and `/\evil.example` are other hosts to a browser. */
const ownPath = (path: string): string => `/${path.replace(/^[/\\]+/, '')}`;

/** The `Location`. A target's own query stands; without one the visitor's is kept (`query`: as it came, without `?`). */
export const locationOf = (target: Target, values: ReadonlyMap<string, string>, query: string): string => {
  const path = ownPath(filled(target, values, ascii, encodePath));
  const asked = target.query ?? (query === '' ? '' : `?${query}`);
  return ascii(target.origin) + path + ascii(asked + target.fragment);
};

/** The own file a rewrite leads to: a decoded path. Null when what was filled in is no path. */
export const rewrittenPath = (target: Target, values: ReadonlyMap<string, string>): string | null => {
  const decoded = (text: string): string => decodeURIComponent(text);
  try {
    return ownPath(filled(target, values, decoded, (value) => value));
  } catch {
    return null;
  }
};
