import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readPayload, type TokenKind, type TokenPayload } from './payload.ts';

export type { TokenKind, TokenPayload } from './payload.ts';

const PREFIX = { preview: 'mp_', share: 'ms_' } as const;
/** The longest token that can verify is about 700 characters; longer input is not even decoded. */
const MAX_TOKEN_CHARACTERS = 1024;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

interface Key {
  readonly key: KeyObject;
  readonly kid: string;
}

const keyId = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
    .slice(0, 16);

const checked = (key: KeyObject): KeyObject => {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('preview keys are Ed25519');
  return key;
};

// Parsing a PEM costs more than the signature check; a process has one key, rarely two. Not a secret-dependent lookup.
const remember = (load: (pem: string) => Key): ((pem: string) => Key) => {
  const known = new Map<string, Key>();
  return (pem) => {
    const found = known.get(pem);
    if (found) return found;
    if (known.size >= 8) known.clear();
    const loaded = load(pem);
    known.set(pem, loaded);
    return loaded;
  };
};

const privateKey = remember((pem) => {
  const key = checked(createPrivateKey(pem));
  return { key, kid: keyId(createPublicKey(key)) };
});

const publicKey = remember((pem) => {
  const key = checked(createPublicKey(pem));
  return { key, kid: keyId(key) };
});

// The kind is part of what is signed, so the body of an `mp_` never verifies behind `ms_`.
const signedBytes = (kind: TokenKind, kid: string, payload: TokenPayload): Buffer =>
  Buffer.from(`miosa-token-v1\n${kind}\nEdDSA\n${kid}\n${JSON.stringify(payload)}`);

const encode = (kid: string, payload: TokenPayload, signature: string): string =>
  Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, payload, signature })).toString('base64url');

/** Signs a `mp_` or `ms_` token. Throws a TypeError for a payload that could never verify (a fault of the caller, not of its input). */
export const mintToken = (kind: TokenKind, privateKeyPem: string, payload: TokenPayload): string => {
  const clean = readPayload(kind, payload);
  if (!clean) throw new TypeError(`not a payload of a ${kind} token`);
  const { key, kid } = privateKey(privateKeyPem);
  const signature = sign(null, signedBytes(kind, kid, clean), key).toString('base64url');
  return PREFIX[kind] + encode(kid, clean, signature);
};

const kindOf = (token: string): TokenKind | null => {
  if (token.startsWith(PREFIX.preview)) return 'preview';
  return token.startsWith(PREFIX.share) ? 'share' : null;
};

const parseJson = (text: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
};

/**
 * The token's kind and payload when the signature holds and it has not expired, else null (never an exception for bad input).
 * The algorithm is pinned: `alg` and `kid` are compared, never used to choose. Exactly one spelling of a token verifies, the one minted,
 * so its hash identifies it.
 */
export const verifyToken = (
  publicKeyPem: string,
  token: string,
  nowSeconds: number,
): { readonly kind: TokenKind; readonly payload: TokenPayload } | null => {
  const kind = kindOf(token);
  const body = token.slice(3);
  if (kind === null || token.length > MAX_TOKEN_CHARACTERS || !BASE64URL.test(body)) return null;
  const parsed = parseJson(Buffer.from(body, 'base64url').toString('utf8'));
  const payload = readPayload(kind, parsed?.payload);
  const signature = parsed?.signature;
  const { key, kid } = publicKey(publicKeyPem);
  if (payload === null || typeof signature !== 'string' || encode(kid, payload, signature) !== body) return null;
  const bytes = Buffer.from(signature, 'base64url');
  // Other spellings of the same 64 bytes (spare bits, padding) are other tokens and refused.
  if (bytes.length !== 64 || bytes.toString('base64url') !== signature) return null;
  if (!verify(null, signedBytes(kind, kid, payload), key, bytes)) return null;
  return payload.exp !== null && nowSeconds >= payload.exp ? null : { kind, payload };
};

/** What the database keeps of a share token. */
export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest();
