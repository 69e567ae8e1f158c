import { createHash } from 'node:crypto';
import { open, type PublicKeys, seal } from './envelope.ts';
import { readPayload, type TokenKind, type TokenPayload } from './payload.ts';

export type { TokenKind, TokenPayload } from './payload.ts';

const PREFIX = { preview: 'mp_', share: 'ms_' } as const;
/** The longest token that can verify is about 700 characters; longer input is not even decoded. */
const MAX_TOKEN_CHARACTERS = 1024;

/** Signs a `mp_` or `ms_` token. Throws a TypeError for a payload that could never verify (a fault of the caller, not of its input). */
export const mintToken = (kind: TokenKind, privateKeyPem: string, payload: TokenPayload): string => {
  const clean = readPayload(kind, payload);
  if (!clean) throw new TypeError(`not a payload of a ${kind} token`);
  return PREFIX[kind] + seal(kind, privateKeyPem, clean);
};

const kindOf = (token: string): TokenKind | null => {
  if (token.startsWith(PREFIX.preview)) return 'preview';
  return token.startsWith(PREFIX.share) ? 'share' : null;
};

/** The token's kind and payload when a signature by one of these keys holds and it has not expired, else null. */
export const verifyToken = (
  publicKeys: PublicKeys,
  token: string,
  nowSeconds: number,
): { readonly kind: TokenKind; readonly payload: TokenPayload } | null => {
  const kind = kindOf(token);
  if (kind === null || token.length > MAX_TOKEN_CHARACTERS) return null;
  const payload = open(kind, publicKeys, token.slice(3), (input) => readPayload(kind, input));
  if (payload === null) return null;
  return payload.exp !== null && nowSeconds >= payload.exp ? null : { kind, payload };
};

/** What the database keeps of a share token. */
export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest();
