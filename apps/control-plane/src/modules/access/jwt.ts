import { createSecretKey, hash, type KeyObject, randomUUID, timingSafeEqual } from 'node:crypto';
import { isUuid, type Role, type TenantId, type UserId } from '@miosa/kernel';
import { jwtVerify, SignJWT } from 'jose';

export const ACCESS_SECONDS = 3600;
export const REFRESH_SECONDS = 7 * 24 * 3600;

const ISSUER = 'miosa';
/** The audience tells the kinds apart: a refresh token is refused wherever an access token is wanted, and the reverse. */
type Kind = 'access' | 'refresh';
const audience = (kind: Kind): string => `miosa:${kind}`;

/** Far longer than any of ours: nothing longer is worth a signature check. */
const MAX_LENGTH = 4096;

export interface Subject {
  readonly userId: UserId;
  readonly tenantId: TenantId;
  readonly role: Role;
  readonly sessionId: string;
}

export interface Tokens {
  sign(kind: Kind, subject: Subject, now: Date): Promise<string>;
  /** The session of a valid token of this kind, else null. */
  verify(kind: Kind, token: string, now: Date): Promise<{ readonly sessionId: string; readonly userId: string } | null>;
}

export const tokenHash = (token: string): Buffer => hash('sha256', token, 'buffer');

export const sameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

interface Secret {
  readonly kid: string;
  readonly key: KeyObject;
}

const readSecret = (hex: string): Secret => {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length < 64) throw new Error('the JWT secret must have 64 bytes in hex'); // RFC 7518, 3.2: no shorter than the hash
  // Labelled, so that it is the hash of nothing else; of 512 random bits it tells nothing.
  return {
    kid: hash('sha256', Buffer.concat([Buffer.from('miosa jwt kid\n'), bytes]), 'base64url').slice(0, 16),
    key: createSecretKey(bytes),
  };
};

/** JWTs, HS512 only (contract 2.3). Each secret has 64 bytes; the first signs, tokens of the `earlier` ones still verify. */
export const createTokens = (secretHex: string, earlier: readonly string[] = []): Tokens => {
  const current = readSecret(secretHex);
  const secrets = new Map([current, ...earlier.map(readSecret)].map(({ kid, key }) => [kid, key]));
  /** `kid` only picks among our own secrets; tokens from before there were several carry none. */
  const secretFor = ({ kid }: { readonly kid?: string }): KeyObject => {
    const found = secrets.get(kid ?? current.kid);
    if (found === undefined) throw new Error('signed with no secret of ours');
    return found;
  };
  return {
    sign: (kind, { userId, tenantId, role, sessionId }, now) => {
      const issued = Math.floor(now.getTime() / 1000);
      // The random id makes two tokens of one second differ: a rotated refresh token must not equal its successor.
      return new SignJWT({ tid: tenantId, role, sid: sessionId })
        .setProtectedHeader({ alg: 'HS512', typ: 'JWT', kid: current.kid })
        .setIssuer(ISSUER)
        .setAudience(audience(kind))
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(issued)
        .setExpirationTime(issued + (kind === 'access' ? ACCESS_SECONDS : REFRESH_SECONDS))
        .sign(current.key);
    },
    verify: async (kind, token, now) => {
      if (token.length > MAX_LENGTH) return null;
      try {
        const { payload } = await jwtVerify(token, secretFor, {
          algorithms: ['HS512'],
          issuer: ISSUER,
          audience: audience(kind),
          currentDate: now,
          requiredClaims: ['exp', 'sub', 'sid'],
        });
        const { sid, sub } = payload;
        return typeof sid === 'string' && isUuid(sid) && sub !== undefined ? { sessionId: sid, userId: sub } : null;
      } catch {
        return null;
      }
    },
  };
};
