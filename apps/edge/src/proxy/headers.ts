/** RFC 9110 §7.6.1: fields of one connection, never forwarded. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** A Connection field may name further ones, but not these: without them a message would mean something else further on. */
const NEVER_NOMINATED = new Set(['authorization', 'content-length', 'content-type', 'cookie', 'host', 'origin', 'set-cookie']);

export interface Field {
  /** Lower-case. */
  readonly name: string;
  readonly value: string;
}

const nominated = (raw: readonly string[]): Set<string> | null => {
  let names: Set<string> | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.length !== 10 || raw[i]?.toLowerCase() !== 'connection') continue;
    for (const part of (raw[i + 1] ?? '').toLowerCase().split(',')) {
      const name = part.trim();
      if (name === '' || name === 'keep-alive' || name === 'close' || NEVER_NOMINATED.has(name)) continue;
      names ??= new Set();
      names.add(name);
    }
  }
  return names;
};

/**
 * End-to-end fields of a raw header list (name, value, name, value, …), each passed through `keep`: the value to forward, or null to drop.
 * Spelling and order of names survive, since some programs look at them.
 */
export const endToEnd = (raw: readonly string[], keep: (field: Field) => string | null): string[] => {
  const dropped = nominated(raw);
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const spelled = raw[i] ?? '';
    const name = spelled.toLowerCase();
    if (HOP_BY_HOP.has(name) || dropped?.has(name)) continue;
    const value = keep({ name, value: raw[i + 1] ?? '' });
    if (value !== null) out.push(spelled, value);
  }
  return out;
};

const PROXY_FIELDS = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'via',
  'x-request-id',
  'expect', // answered here already
]);

/** Fields only a proxy may set. `_` counts as `-`: CGI-style servers cannot tell them apart. */
export const isProxyField = (name: string): boolean => {
  const dashed = name.includes('_') ? name.replaceAll('_', '-') : name;
  return dashed.startsWith('x-forwarded-') || dashed.startsWith('x-miosa-') || PROXY_FIELDS.has(dashed);
};
