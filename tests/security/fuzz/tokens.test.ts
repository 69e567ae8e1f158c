import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrganization, type Organization } from '../matrix/organization.ts';
import { harm, sendRaw } from './raw.ts';
import { replayable } from './replay.ts';

let plane: TestControlPlane;
let mine: Organization;
let jwt: string;
/** One valid token of each kind that is signed or stored. */
let tokens: Readonly<Record<'jwt' | 'refresh' | 'mbt' | 'mp' | 'ms' | 'sset' | 'msk', string>>;
beforeAll(async () => {
  plane = await startTestControlPlane();
  mine = await createOrganization(plane);
  const owner = await mine.session('owner');
  jwt = owner.token;
  const sandbox = (await mine.call('POST', '/sandboxes', { project_id: await mine.project('home') })).data.id;
  tokens = {
    jwt,
    refresh: owner.refreshToken,
    mbt: (await mine.call('POST', '/browser-tokens', { sandbox_id: sandbox, permissions: ['sandbox:read'] })).data.token,
    mp: (await mine.call('POST', `/sandboxes/${sandbox}/preview-token`, { port: 3000 })).data.token,
    ms: (await mine.call('POST', `/sandboxes/${sandbox}/shares`, { port: 3000 })).data.token,
    sset: (await mine.call('POST', '/auth/sse-ticket', {})).ticket,
    msk: (await mine.key({ type: 'live' })).bearer,
  };
}, 60_000);
afterAll(() => plane?.close());

const me = (bearer: string) => sendRaw(plane.socketPath, { path: '/api/v1/auth/me', headers: [['authorization', `Bearer ${bearer}`]] });
const refused = async (bearer: string): Promise<void> => {
  const answer = await me(bearer);
  expect([bearer, harm(answer), answer.status]).toEqual([bearer, null, 401]);
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

/** The same bytes in another spelling are the same token. */
const bytesOf = (token: string): string =>
  token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');

it('knows the valid ones, so that the refusals below mean something', async () => {
  for (const token of [tokens.jwt, tokens.mbt, tokens.msk]) expect((await me(token)).status).toBe(200);
});

it('takes no token of a kind that is not for the API', async () => {
  for (const token of [tokens.refresh, tokens.mp, tokens.ms, tokens.sset]) await refused(token);
});

it('takes no token cut short, changed or prolonged', async () => {
  const valid = [tokens.jwt, tokens.mbt, tokens.msk];
  const changed = fc.constantFrom(...valid).chain((token) =>
    fc.oneof(
      fc.nat(token.length - 1).map((n) => token.slice(0, n)),
      fc
        .tuple(fc.nat(token.length - 1), fc.integer({ min: 33, max: 126 }))
        .map(([at, code]) => token.slice(0, at) + String.fromCharCode(code) + token.slice(at + 1)),
      fc
        .tuple(fc.nat(token.length - 1), fc.nat(token.length - 1))
        .map(([a, b]) => token.slice(0, Math.min(a, b)) + token.slice(Math.max(a, b) + 1)),
      fc.stringMatching(/^[A-Za-z0-9_.=-]{1,40}$/).map((tail) => token + tail),
    ),
  );
  await fc.assert(
    fc.asyncProperty(changed, async (token) => {
      fc.pre(!valid.includes(token) && !(token.includes('.') && bytesOf(token) === bytesOf(jwt)));
      await refused(token);
    }),
    replayable(400),
  );
});

it('takes no payload of one kind behind the prefix of another', async () => {
  const bodies = Object.entries(tokens).map(([, token]) => token.replace(/^(mbt|mp|ms|sset|msk_live|msk)_/, ''));
  const prefixes = ['mbt_', 'mp_', 'ms_', 'sset_', 'msk_live_', 'msk_a_', 'msk_p_', 'msk_u_', 'msk_test_', ''];
  const valid: readonly string[] = [tokens.jwt, tokens.mbt, tokens.msk];
  for (const prefix of prefixes) {
    for (const body of bodies) if (!valid.includes(prefix + body)) await refused(prefix + body);
  }
});

it('takes no algorithm but the one it signs with', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = plane.previewPublicPem;
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const raw = der.subarray(-32);
  const secrets: readonly (string | Buffer)[] = [pem, pem.trim(), der, raw, '', 'secret', Buffer.alloc(64)];
  const { alg: _, ...header } = headerOf(jwt);
  const signed = (head: object, signature: (input: string) => Buffer | ''): string => {
    const input = `${encode({ ...header, ...head })}.${encode(claimsOf(jwt))}`;
    const bytes = signature(input);
    return `${input}.${bytes === '' ? '' : bytes.toString('base64url')}`;
  };
  const hmac = (digest: string, secret: string | Buffer) => (input: string) => createHmac(digest, secret).update(input).digest();
  const real = jwt.split('.')[2] ?? '';
  const attempts = [
    ...['none', 'None', 'NONE', 'nOnE', '', null, 0, ['HS512']].flatMap((alg) => [
      signed({ alg }, () => ''),
      signed({ alg }, () => Buffer.from(real, 'base64url')),
      signed({ alg }, hmac('sha512', plane.jwtSecret)),
    ]),
    // The right secret, another algorithm: pinned all the same.
    signed({ alg: 'HS256' }, hmac('sha256', plane.jwtSecret)),
    signed({ alg: 'HS384' }, hmac('sha384', plane.jwtSecret)),
    ...secrets.flatMap((secret) => [signed({ alg: 'HS512' }, hmac('sha512', secret)), signed({ alg: 'HS256' }, hmac('sha256', secret))]),
    ...['EdDSA', 'Ed25519'].map((alg) => signed({ alg }, (input) => sign(null, Buffer.from(input), privateKey))),
    ...['../../../../dev/null', "' union select 'x' --", '', 'x'.repeat(500)].map((kid) =>
      signed({ alg: 'HS512', kid }, hmac('sha512', '')),
    ),
    signed({ alg: 'EdDSA', jwk: createPublicKey(privateKey).export({ format: 'jwk' }) }, (input) =>
      sign(null, Buffer.from(input), privateKey),
    ),
    signed({ alg: 'HS512', jku: 'https://evil.example/keys', x5u: 'https://evil.example' }, hmac('sha512', 'x')),
    signed({ alg: 'HS512', crit: ['exp'] }, hmac('sha512', plane.jwtSecret)),
    signed({ alg: 'HS512', b64: false, crit: ['b64'] }, hmac('sha512', plane.jwtSecret)),
  ];
  for (const attempt of attempts) await refused(attempt);
});

it('takes no claims that it did not sign, and none that lack what it needs', async () => {
  const claims = claimsOf(jwt);
  const [header = '', , signature = ''] = jwt.split('.');
  const properly = (payload: object): string => {
    const input = `${header}.${encode(payload)}`;
    return `${input}.${createHmac('sha512', plane.jwtSecret).update(input).digest('base64url')}`;
  };
  expect((await me(properly(claims))).status).toBe(200);
  const field = fc.constantFrom('sub', 'sid', 'tid', 'role', 'exp', 'iat', 'iss', 'aud', 'jti');
  await fc.assert(
    fc.asyncProperty(field, fc.jsonValue(), async (name, value) => {
      fc.pre(JSON.stringify(value) !== JSON.stringify(claims[name]));
      await refused(`${header}.${encode({ ...claims, [name]: value })}.${signature}`);
    }),
    replayable(),
  );
  // Signed with the real secret, which nobody has: even so the claims that decide must hold.
  const { exp, sub, sid, ...rest } = claims;
  const bad = [
    { ...rest, sub, sid },
    { ...rest, exp, sub },
    { ...rest, exp, sid },
    { ...claims, aud: claimsOf(tokens.refresh).aud },
    { ...claims, iss: 'other' },
    { ...claims, nbf: exp + 1000 },
    { ...claims, exp: 'never' },
    { ...claims, sid: "' or true --" },
    { ...claims, sub: (await mine.newUser()).id },
  ];
  for (const payload of bad) await refused(properly(payload));
});

it('reads the payload of a browser token only when the signature over it holds', async () => {
  const envelope = JSON.parse(Buffer.from(tokens.mbt.slice(4), 'base64url').toString());
  const field = fc.constantFrom(...Object.keys(envelope.payload));
  const outer = fc.constantFrom('alg', 'kid', 'signature');
  const pack = (value: object): string => `mbt_${encode(value)}`;
  await fc.assert(
    fc.asyncProperty(field, outer, fc.jsonValue(), async (name, around, value) => {
      fc.pre(JSON.stringify(value) !== JSON.stringify(envelope.payload[name]) && value !== envelope[around]);
      await refused(pack({ ...envelope, payload: { ...envelope.payload, [name]: value } }));
      await refused(pack({ ...envelope, [around]: value }));
    }),
    replayable(),
  );
  const { privateKey } = generateKeyPairSync('ed25519');
  for (const input of [
    JSON.stringify(envelope.payload),
    `miosa-token-v1\nbrowser\nEdDSA\n${envelope.kid}\n${JSON.stringify(envelope.payload)}`,
  ]) {
    await refused(pack({ ...envelope, signature: sign(null, Buffer.from(input), privateKey).toString('base64url') }));
    await refused(
      pack({ ...envelope, alg: 'HS512', signature: createHmac('sha512', plane.previewPublicPem).update(input).digest('base64url') }),
    );
  }
});
