import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

interface Key {
  readonly key: KeyObject;
  readonly kid: string;
}

/** Public keys (SPKI PEM) whose signatures count. Several while signing keys are being changed. */
export type PublicKeys = string | readonly string[];

const BASE64URL = /^[A-Za-z0-9_-]+$/;

const kidOf = (publicKey: KeyObject): string =>
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
  return { key, kid: kidOf(createPublicKey(key)) };
});

const publicKey = remember((pem) => {
  const key = checked(createPublicKey(pem));
  return { key, kid: kidOf(key) };
});

/** The id of a signing key, as tokens name it: of the public key (SPKI PEM). Throws a TypeError for anything but Ed25519. */
export const signingKeyId = (publicKeyPem: string): string => publicKey(publicKeyPem).kid;

// The kind is part of what is signed, so the body of one kind never verifies behind the prefix of another.
const signedBytes = (kind: string, kid: string, payload: object): Buffer =>
  Buffer.from(`miosa-token-v1\n${kind}\nEdDSA\n${kid}\n${JSON.stringify(payload)}`);

const encode = (kid: string, payload: object, signature: string): string =>
  Buffer.from(JSON.stringify({ alg: 'EdDSA', kid, payload, signature })).toString('base64url');

/** Signs a payload whose fields are in their one order. */
export const seal = (kind: string, privateKeyPem: string, payload: object): string => {
  const { key, kid } = privateKey(privateKeyPem);
  return encode(kid, payload, sign(null, signedBytes(kind, kid, payload), key).toString('base64url'));
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
 * The payload when the signature of this kind holds, else null (never an exception for bad input). The algorithm is pinned; `kid` only picks
 * among our own keys. Exactly one spelling of a token verifies, the one minted, so its hash identifies it.
 */
export const open = <P extends object>(
  kind: string,
  publicKeys: PublicKeys,
  body: string,
  readPayload: (input: unknown) => P | null,
): P | null => {
  if (!BASE64URL.test(body)) return null;
  const parsed = parseJson(Buffer.from(body, 'base64url').toString('utf8'));
  const payload = readPayload(parsed?.payload);
  const signature = parsed?.signature;
  const known = (typeof publicKeys === 'string' ? [publicKeys] : publicKeys).map(publicKey).find(({ kid }) => kid === parsed?.kid);
  if (known === undefined || payload === null || typeof signature !== 'string') return null;
  const { key, kid } = known;
  if (encode(kid, payload, signature) !== body) return null;
  const bytes = Buffer.from(signature, 'base64url');
  // Other spellings of the same 64 bytes (spare bits, padding) are other tokens and refused.
  if (bytes.length !== 64 || bytes.toString('base64url') !== signature) return null;
  return verify(null, signedBytes(kind, kid, payload), key, bytes) ? payload : null;
};
