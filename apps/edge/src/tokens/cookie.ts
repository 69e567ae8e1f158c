/** `__Host-` cannot be set by a neighbour or without TLS; plain HTTP on localhost has to do without (contract 4.4). */
export const cookieName = (scheme: 'http' | 'https'): string => (scheme === 'https' ? '__Host-miosa-preview' : 'miosa-preview');

const OURS = new Set(['__host-miosa-preview', 'miosa-preview']);
/** A tossed cookie may stand before ours, so all of the name are tried, up to this many. */
const MAX_TRIED = 16;

const nameOf = (pair: string): string => {
  // A cookie without a name is sent as its bare value: `=a=b` would come back as `a=b`.
  const text = pair.trim().replace(/^[=\s]+/, '');
  const end = text.indexOf('=');
  return (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
};

export const isOurCookie = (pair: string): boolean => OURS.has(nameOf(pair));

/** All values of the session cookie in a Cookie header. */
export const sessionValues = (header: string | undefined, scheme: 'http' | 'https'): string[] => {
  if (!header?.includes('miosa-preview')) return [];
  const prefix = `${cookieName(scheme)}=`;
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .slice(0, MAX_TRIED)
    .map((pair) => pair.slice(prefix.length));
};

/** The Cookie header for the app: without ours. Null when nothing is left. */
export const withoutSession = (header: string): string | null => {
  if (!header.toLowerCase().includes('miosa-preview')) return header;
  const rest = header.split(';').filter((pair) => !isOurCookie(pair));
  return rest.length === 0 ? null : rest.join(';').trim();
};

/** Set-Cookie for a new session. `maxAgeSeconds` null: until the browser closes. */
export const sessionCookie = (value: string, scheme: 'http' | 'https', maxAgeSeconds: number | null): string => {
  const life = maxAgeSeconds === null ? '' : `; Max-Age=${maxAgeSeconds}`;
  // Partitioned (CHIPS): one jar per embedding site, so it works in iframes where third-party cookies are blocked.
  const rules = scheme === 'https' ? 'Secure; HttpOnly; SameSite=None; Partitioned' : 'HttpOnly; SameSite=Lax';
  return `${cookieName(scheme)}=${value}; Path=/${life}; ${rules}`;
};
