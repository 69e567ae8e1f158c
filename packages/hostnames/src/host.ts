/** The names and ports of one installation. `domain` is lower-case ASCII (IDN as punycode), without a trailing dot. */
export interface Names {
  readonly domain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

export type ParsedHost =
  | { readonly kind: 'api' }
  | { readonly kind: 'preview'; readonly port: number; readonly slug: string }
  | { readonly kind: 'unknown' };

const UNKNOWN: ParsedHost = { kind: 'unknown' };
const API: ParsedHost = { kind: 'api' };

// ASCII is checked before lower-casing: U+212A (Kelvin sign) lower-cases to `k` and would otherwise become another host.
const HOST_HEADER = /^([A-Za-z0-9.-]{1,254})(?::[0-9]{1,5})?$/;
const PREVIEW_LABEL = /^([1-9][0-9]{0,4})-(sbx[0-9a-hjkmnp-tv-z]{8,})$/;
const SLUG = /^sbx[0-9a-hjkmnp-tv-z]{8,}$/;
const MAX_PORT = 65_535;
/** RFC 1035 §2.3.4. */
const MAX_LABEL_CHARACTERS = 63;

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= MAX_PORT;

/**
 * Reads a Host header (or a TLS server name) by the grammar of the contract, section 4.4: lower-cased, one trailing dot removed, the port
 * dropped. Everything that is not exactly one of our names is `unknown`; callers use the parsed values and never the header again.
 */
export const parseHost = (hostHeader: string, names: Names): ParsedHost => {
  const match = HOST_HEADER.exec(hostHeader);
  if (match?.[1] === undefined) return UNKNOWN;
  const lower = match[1].toLowerCase();
  const host = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  if (host === `api.${names.domain}`) return API;
  const suffix = `.sandbox.${names.domain}`;
  if (!host.endsWith(suffix)) return UNKNOWN;
  return parseLabel(host.slice(0, -suffix.length));
};

const parseLabel = (label: string): ParsedHost => {
  const parts = label.length > MAX_LABEL_CHARACTERS ? null : PREVIEW_LABEL.exec(label);
  const port = Number(parts?.[1]);
  if (parts?.[2] === undefined || !isPort(port)) return UNKNOWN;
  return { kind: 'preview', port, slug: parts[2] };
};

const authority = (host: string, names: Names): string =>
  names.httpsPort === 443 ? `https://${host}` : `https://${host}:${names.httpsPort}`;

/** Origin of a preview, without a trailing slash. The only place where preview host names are made (ARCHITECTURE invariant 6). */
export const previewUrl = (names: Names, target: { readonly port: number; readonly slug: string }): string => {
  if (!isPort(target.port) || !SLUG.test(target.slug))
    throw new TypeError(`no preview host for port ${target.port} and slug ${target.slug}`);
  return authority(`${target.port}-${target.slug}.sandbox.${names.domain}`, names);
};

/** Origin of the API host, without a trailing slash. */
export const apiUrl = (names: Names): string => authority(`api.${names.domain}`, names);
