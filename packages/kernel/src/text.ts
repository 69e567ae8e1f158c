/** Names that no slug may take (contract, section 1.8). */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  (
    'api app apps www admin sandbox computer storage fn db proxy mail smtp ns1 ns2 ns3 ns4 cdn static status docs support login auth ' +
    'dashboard preview acme localhost miosa'
  ).split(' '),
);

const SLUG = /^[a-z0-9](?:[a-z0-9]|-(?!-)){0,38}[a-z0-9]$|^[a-z0-9]$/;

/** A lower-case DNS label of 1–40 characters: no outer or double hyphen, not all digits, not reserved. */
export const isSlug = (value: string): boolean => SLUG.test(value) && !/^[0-9]+$/.test(value) && !RESERVED_SLUGS.has(value);

/** Name → slug: NFKD, marks dropped, lower-case, other runs become `-`, trimmed, cut to 40. May be empty, all digits or reserved. */
export const normaliseSlug = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 41)
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the rule (contract 1.8).
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
export const hasControlCharacters = (value: string): boolean => CONTROL.test(value);

/** JSON Schema pattern with the same meaning, for `pattern` in route schemas. */
export const NO_CONTROL_PATTERN = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
