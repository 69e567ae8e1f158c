import { createPrivateKey, createPublicKey } from 'node:crypto';
import { tokenHash, verifyToken } from '@miosa/hostnames';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let publicKey: string;
beforeAll(async () => {
  world = await createWorld();
  publicKey = createPublicKey(createPrivateKey(world.core.previewKeyPem)).export({ type: 'spki', format: 'pem' }).toString();
});
afterAll(() => world?.close());

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('expose', () => {
  test('makes a public preview; the same port again updates it; deleting makes it private, and may be repeated', async () => {
    const { id, slug } = await world.create();
    const first = await world.call('POST', `/sandboxes/${id}/expose`, { port: 3000 });
    expect(first.body.data).toMatchObject({
      port: 3000,
      visibility: 'public',
      host_header: 'localhost',
      state: 'active',
      sandbox_id: id,
      url: `https://3000-${slug}.sandbox.miosa.localhost:8443`,
    });
    const again = await world.call('POST', `/sandboxes/${id}/expose`, { port: 3000, visibility: 'private', name: 'app' });
    expect(again.body.data).toMatchObject({ id: first.body.data.id, visibility: 'private', name: 'app' });
    const patched = await world.call('PATCH', `/sandboxes/${id}/previews/${first.body.data.id}`, {
      host_header: 'public',
      visibility: 'public',
    });
    expect(patched.body.data).toMatchObject({ host_header: 'public', visibility: 'public', name: 'app' });
    for (let i = 0; i < 2; i++) expect((await world.call('DELETE', `/sandboxes/${id}/previews/${first.body.data.id}`)).status).toBe(200);
    expect((await world.call('GET', `/sandboxes/${id}/previews`)).body.data).toEqual([]);
    expect((await world.call('POST', `/sandboxes/${id}/expose`, { port: 70_000 })).status).toBe(422);
  });
});

describe('preview tokens', () => {
  test('are bound to sandbox, port, scope, expiry and the key that minted them', async () => {
    const { id, slug } = await world.create({ preview_port: 4000 });
    const { body } = await world.call('POST', `/sandboxes/${id}/preview-token`, { expires_in: 120, scope: 'interact' });
    const verified = verifyToken(publicKey, body.data.token, nowSeconds());
    expect(verified).toMatchObject({
      kind: 'preview',
      payload: { sandboxId: id, port: 4000, scope: 'interact', tenantId: world.tenantId },
    });
    expect(verified?.payload.keyId).toEqual(expect.any(String));
    expect(verifyToken(publicKey, body.data.token, nowSeconds() + 130)).toBeNull();
    expect(body.data.url).toBe(`https://4000-${slug}.sandbox.miosa.localhost:8443?mt=${body.data.token}`);
  });

  test('open the latest exposed port unless another is named', async () => {
    const { id } = await world.create({ preview_port: 4000 });
    await world.call('POST', `/sandboxes/${id}/expose`, { port: 3000 });
    expect((await world.call('POST', `/sandboxes/${id}/preview-token`, {})).body.data.port).toBe(3000);
    expect((await world.call('POST', `/sandboxes/${id}/preview-token`, { port: 9000 })).body.data.port).toBe(9000);
    expect((await world.call('POST', `/sandboxes/${id}/preview-token`, { port: 'any' })).body.data.port).toBe('any');
  });

  test('minting leaves a paused sandbox asleep', async () => {
    const { id } = await world.create();
    await world.call('POST', `/sandboxes/${id}/pause`);
    expect((await world.call('POST', `/sandboxes/${id}/preview-token`, {})).status).toBe(200);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
  });

  test.each([[{ expires_in: 59 }], [{ expires_in: 86_401 }], [{ scope: 'admin' }], [{ port: 0 }]])('%j is refused', async (request) => {
    const { id } = await world.create();
    expect((await world.call('POST', `/sandboxes/${id}/preview-token`, request)).status).toBe(422);
  });
});

describe('shares', () => {
  test('show their token once; only its hash is stored; revoking works by token and by id, and may be repeated', async () => {
    const { id } = await world.create();
    const made = await world.call('POST', `/sandboxes/${id}/shares`, { name: 'for the client' });
    expect(made.status).toBe(201);
    const { token, id: shareId } = made.body.data;
    expect(verifyToken(publicKey, token, nowSeconds())).toMatchObject({
      kind: 'share',
      payload: { scope: 'read', exp: null, sandboxId: id },
    });
    const row = await world.core.db.read.selectFrom('shares').selectAll().where('id', '=', shareId).executeTakeFirstOrThrow();
    expect(row.token_hash.equals(tokenHash(token))).toBe(true);
    expect(JSON.stringify(row)).not.toContain(token);
    const listed = await world.call('GET', `/sandboxes/${id}/shares`);
    expect(listed.body.data).toMatchObject([{ id: shareId, name: 'for the client', expires_at: null }]);
    expect(listed.text).not.toContain(token);
    expect((await world.call('DELETE', `/sandboxes/${id}/shares/${token}`)).body.data).toEqual({ id: shareId, deleted: true });
    expect((await world.call('DELETE', `/sandboxes/${id}/shares/${shareId}`)).status).toBe(200);
    expect((await world.call('GET', `/sandboxes/${id}/shares`)).body.data).toEqual([]);
    expect((await world.call('DELETE', `/sandboxes/${id}/shares/ms_nope`)).status).toBe(404);
  });
});
