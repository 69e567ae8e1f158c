import { generateKeyPairSync } from 'node:crypto';
import { mintBrowserToken, mintToken, verifyBrowserToken, verifyToken } from '@miosa/hostnames';
import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, PASSWORD, type World } from './testing/world.ts';

let t: World;
let sandbox: { id: string };
let credentials: Record<string, string>;
beforeAll(async () => {
  t = await createWorld();
  sandbox = await t.sandbox({});
  const login = await t.call('POST', '/auth/login', { email: 'owner@cliniciq.example', password: PASSWORD }, { as: null });
  credentials = {
    msk_: t.key,
    jwt: login.body.token,
    refresh: login.body.refresh_token,
    mbt_: await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:read'] }),
    mp_: (await t.call('POST', `/sandboxes/${sandbox.id}/preview-token`, {})).body.data.token,
    ms_: (await t.call('POST', `/sandboxes/${sandbox.id}/shares`, {})).body.data.token,
    sset_: (await t.call('POST', '/auth/sse-ticket', {})).body.ticket,
  };
});
afterAll(() => t?.close());

const status = async (as: string) => (await t.call('GET', `/sandboxes/${sandbox.id}`, undefined, { as })).status;

describe('no credential passes for one of another kind', () => {
  it('as a bearer: keys, sessions and browser tokens are API credentials, the rest is 401', async () => {
    const answers = await Promise.all(Object.entries(credentials).map(async ([kind, as]) => [kind, await status(as)]));
    expect(Object.fromEntries(answers)).toEqual({ msk_: 200, jwt: 200, refresh: 401, mbt_: 200, mp_: 401, ms_: 401, sset_: 401 });
  });

  it('behind the prefix of another kind', async () => {
    const bodies = Object.entries(credentials).map(([kind, text]) => [kind, text.startsWith(kind) ? text.slice(kind.length) : text]);
    for (const prefix of ['mbt_', 'mp_', 'ms_', 'msk_live_', 'sset_', '']) {
      for (const [kind, body] of bodies) {
        const own = prefix === kind || (prefix === '' && kind === 'jwt');
        if (!own) expect([prefix, kind, await status(prefix + body)]).toEqual([prefix, kind, 401]);
      }
    }
  });

  it('at the edge: a browser token opens no preview, nor does it verify as one', () => {
    const { publicKeys } = t.signing;
    const mbt = credentials.mbt_ ?? '';
    const now = Math.floor(Date.now() / 1000);
    for (const token of [mbt, mbt.replace('mbt_', 'mp_'), mbt.replace('mbt_', 'ms_')])
      expect(verifyToken(publicKeys, token, now)).toBeNull();
    for (const kind of ['mp_', 'ms_'] as const) {
      expect(verifyBrowserToken(publicKeys, (credentials[kind] ?? '').replace(kind, 'mbt_'), now)).toBeNull();
    }
  });

  it('with a refresh token where a ticket is wanted, or a ticket where a refresh token is', async () => {
    const refresh = (token: string | undefined) => t.call('POST', '/auth/refresh', { refresh_token: token }, { as: null });
    for (const kind of ['jwt', 'mbt_', 'sset_', 'mp_', 'msk_'])
      expect([kind, (await refresh(credentials[kind])).status]).toEqual([kind, 401]);
  });
});

describe('a browser token', () => {
  const payload = () => ({
    jti: newId('btk'),
    tenantId: t.tenantId,
    workspaceId: '00000000-0000-7000-8000-000000000000',
    projectId: null,
    sandboxId: null,
    permissions: ['sandbox:read'] as const,
    ...{ externalWorkspaceId: null, externalUserId: 'Dr. Müller "x"\\ 😀', externalProjectId: null },
    exp: Math.floor(Date.now() / 1000) + 60,
    ...{ keyId: '00000000-0000-7000-8000-000000000001', userId: null },
  });
  const pair = () =>
    generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });

  it('changed in any field, cut, or signed by another key, is worth nothing', () => {
    const keys = pair();
    const token = mintBrowserToken(keys.privateKey, payload());
    const verify = (text: string, publicKeys: string | string[] = keys.publicKey) =>
      verifyBrowserToken(publicKeys, text, Date.now() / 1000);
    expect(verify(token)).toMatchObject({ externalUserId: 'Dr. Müller "x"\\ 😀' });
    const envelope = JSON.parse(Buffer.from(token.slice(4), 'base64url').toString());
    const forged = (change: object, outer: object = {}) =>
      `mbt_${Buffer.from(JSON.stringify({ ...envelope, ...outer, payload: { ...envelope.payload, ...change } })).toString('base64url')}`;
    expect(verify(forged({}))).not.toBeNull();
    const changes = [
      { exp: 9e9 },
      { sandboxId: 'sbx_1' },
      { tenantId: 'x' },
      { permissions: ['sandbox:exec'] },
      { keyId: null, userId: 'u' },
      { more: 1 },
    ];
    for (const change of changes) expect([change, verify(forged(change))]).toEqual([change, null]);
    for (const outer of [{ alg: 'none' }, { alg: 'HS256' }, { kid: 'x' }, { signature: '' }])
      expect([outer, verify(forged({}, outer))]).toEqual([outer, null]);
    for (let length = 0; length < token.length; length += 7) expect(verify(token.slice(0, length))).toBeNull();
    expect(verify(token, pair().publicKey)).toBeNull();
    expect(verify(token, [pair().publicKey, keys.publicKey])).not.toBeNull();
  });

  it('lives on while signing keys change, as preview tokens do, until its key is taken away', async () => {
    const old = { ...t.signing };
    const fresh = pair();
    const preview = mintToken('preview', old.privateKeyPem, {
      ...{ jti: 'prv_1', sandboxId: sandbox.id, port: 5173, scope: 'read', keyId: null, tenantId: t.tenantId },
      exp: Math.floor(Date.now() / 1000) + 60,
    });
    const before = credentials.mbt_ ?? '';
    Object.assign(t.signing, { privateKeyPem: fresh.privateKey, publicKeys: [fresh.publicKey, ...old.publicKeys] });
    const after = await t.token({ sandbox_id: sandbox.id, permissions: ['sandbox:read'] });
    expect([await status(before), await status(after)]).toEqual([200, 200]);
    expect(verifyToken(t.signing.publicKeys, preview, 0)).not.toBeNull();
    Object.assign(t.signing, { publicKeys: [fresh.publicKey] });
    expect([await status(before), await status(after)]).toEqual([401, 200]);
    expect(verifyToken(t.signing.publicKeys, preview, 0)).toBeNull();
  });
});
