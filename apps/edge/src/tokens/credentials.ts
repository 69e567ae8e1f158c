/** Prefixes of every credential of the platform (contract 2.7, 1.9). */
const PREFIXED = /(?:^|[^A-Za-z0-9])(?:msk|mp|ms|mbt|sset|mrt)_[A-Za-z0-9_-]{6,}/;
const JWT = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;
/** `iss` of the access tokens that the login route gives out. */
const ISSUER = 'miosa';

const isOurJwt = (value: string): boolean => {
  const body = JWT.exec(value)?.[1];
  if (body === undefined) return false;
  try {
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    return typeof claims === 'object' && claims !== null && 'iss' in claims && claims.iss === ISSUER;
  } catch {
    return false;
  }
};

/** Whether an Authorization header holds a credential of the platform; an app's own credentials pass (contract 4.4). */
export const holdsCredential = (authorization: string): boolean => {
  const [scheme = '', value = ''] = authorization.trim().split(/\s+/, 2);
  if (PREFIXED.test(authorization) || isOurJwt(value)) return true;
  return scheme.toLowerCase() === 'basic' && PREFIXED.test(Buffer.from(value, 'base64').toString('latin1'));
};
