import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mintToken, type TokenPayload, tokenHash, verifyToken } from './token.ts';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    key: privateKey,
    private: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
const ours = pair();
const now = 1_800_000_000;
const payload: TokenPayload = {
  jti: 'prv_01',
  sandboxId: 'sbx_01j9xk2m',
  port: 5173,
  scope: 'read',
  exp: now + 60,
  keyId: '550e8400-e29b-41d4-a716-446655440000',
  tenantId: '660e8400-e29b-41d4-a716-446655440000',
};
const token = mintToken('preview', ours.private, payload);

type Envelope = { alg: unknown; kid: unknown; payload: Record<string, unknown>; signature: string };
const open = (text: string): Envelope => JSON.parse(Buffer.from(text.slice(3), 'base64url').toString()) as Envelope;
const close = (prefix: string, value: unknown): string => prefix + Buffer.from(JSON.stringify(value)).toString('base64url');
const check = (text: string, at = now) => verifyToken(ours.public, text, at);

describe('good tokens', () => {
  it('verifies what it minted, and starts as the contract shows', () => {
    expect(check(token)).toEqual({ kind: 'preview', payload });
    expect(token.startsWith('mp_eyJhbGciOiJFZERTQSIs')).toBe(true);
  });

  it('lets shares live without an expiry, for any port', () => {
    const share = { ...payload, exp: null, port: 'any', keyId: null } as const;
    expect(check(mintToken('share', ours.private, share), 9_000_000_000)).toEqual({ kind: 'share', payload: share });
  });

  it('refuses from the second of expiry on', () => {
    expect(check(token, now + 59)).not.toBeNull();
    expect(check(token, now + 60)).toBeNull();
  });

  it('does not mint what could not verify', () => {
    expect(() => mintToken('preview', ours.private, { ...payload, exp: null })).toThrow(TypeError);
    expect(() => mintToken('share', ours.private, { ...payload, scope: 'interact' })).toThrow(TypeError);
    expect(() => mintToken('preview', ours.private, { ...payload, port: 0 })).toThrow(TypeError);
    expect(() => mintToken('preview', ours.private, { ...payload, sandboxId: 'a"b' })).toThrow(TypeError);
  });

  it('hashes the whole token', () => expect(tokenHash(token)).toHaveLength(32));
});

describe('token confusion', () => {
  it('refuses the other kind with the same body', () => expect(check(`ms_${token.slice(3)}`)).toBeNull());

  it('refuses another key, even under the right key id', () => {
    const other = pair();
    expect(verifyToken(other.public, token, now)).toBeNull();
    const forged = { ...open(mintToken('preview', other.private, payload)), kid: open(token).kid };
    expect(check(close('mp_', forged))).toBeNull();
  });

  it.each(['none', 'HS256', 'ed25519', 'eddsa', null, ['EdDSA']])('refuses alg %j', (alg) =>
    expect(check(close('mp_', { ...open(token), alg }))).toBeNull(),
  );

  it('refuses an HMAC keyed with the public key', () => {
    const envelope = open(token);
    const text = `miosa-token-v1\npreview\nEdDSA\n${String(envelope.kid)}\n${JSON.stringify(payload)}`;
    const signature = createHmac('sha512', ours.public).update(text).digest('base64url');
    expect(check(close('mp_', { ...envelope, signature }))).toBeNull();
  });

  it('refuses a signature of the bare payload', () => {
    const signature = sign(null, Buffer.from(JSON.stringify(payload)), ours.key).toString('base64url');
    expect(check(close('mp_', { ...open(token), signature }))).toBeNull();
  });

  it.each([
    { sandboxId: 'sbx_other' },
    { port: 'any' },
    { port: 5174 },
    { port: '5173' },
    { scope: 'interact' },
    { exp: now + 9999 },
    { exp: null },
    { keyId: null },
    { tenantId: 'other' },
    { admin: true },
  ])('refuses a payload changed by %j', (change) => {
    const envelope = open(token);
    expect(check(close('mp_', { ...envelope, payload: { ...envelope.payload, ...change } }))).toBeNull();
  });

  it('refuses a payload swapped in from another token', () => {
    const other = open(mintToken('preview', ours.private, { ...payload, sandboxId: 'sbx_other' }));
    expect(check(close('mp_', { ...open(token), payload: other.payload }))).toBeNull();
  });
});

describe('one spelling only', () => {
  it('refuses extra fields, other order, white space and duplicate keys', () => {
    const envelope = open(token);
    expect(check(close('mp_', { ...envelope, extra: 1 }))).toBeNull();
    expect(
      check(close('mp_', { kid: envelope.kid, alg: envelope.alg, payload: envelope.payload, signature: envelope.signature })),
    ).toBeNull();
    const encode = (text: string): string => `mp_${Buffer.from(text).toString('base64url')}`;
    expect(check(encode(JSON.stringify(envelope, null, 1)))).toBeNull();
    expect(check(encode(JSON.stringify(envelope).replace('{"alg"', '{"alg":"none","alg"')))).toBeNull();
  });

  it('refuses non-canonical base64: padding, the other alphabet, spare bits, white space', () => {
    const envelope = open(token);
    expect(check(`${token}=`)).toBeNull();
    expect(check(`${token}\n`)).toBeNull();
    expect(check(` ${token}`)).toBeNull();
    expect(check(token.toUpperCase())).toBeNull();
    const spare = envelope.signature.slice(0, -1) + String.fromCharCode(envelope.signature.charCodeAt(85) + 1);
    expect(Buffer.from(spare, 'base64url').equals(Buffer.from(envelope.signature, 'base64url'))).toBe(true);
    expect(check(close('mp_', { ...envelope, signature: spare }))).toBeNull();
    expect(check(close('mp_', { ...envelope, signature: `${envelope.signature}==` }))).toBeNull();
  });

  it('refuses every truncation', () => {
    for (let length = 0; length < token.length; length++) expect(check(token.slice(0, length))).toBeNull();
  });

  it('refuses every single-character change', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, put) => {
        if (token[at] !== put) expect(check(token.slice(0, at) + put + token.slice(at + 1))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('answers null, never an exception, for arbitrary input', () => {
    const json = fc.json().map((text) => `mp_${Buffer.from(text).toString('base64url')}`);
    const raw = fc.string({ unit: 'binary' }).map((text) => `ms_${text}`);
    fc.assert(
      fc.property(fc.oneof(json, raw, fc.string()), (text) => void expect(check(text)).toBeNull()),
      { numRuns: 2000 },
    );
    expect(check(`mp_${randomBytes(1_000_000).toString('base64url')}`)).toBeNull();
  });
});
