import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './testing/world.ts';

const ALL = ['sandbox:read', 'sandbox:exec', 'sandbox:files', 'preview:read'];

let t: World;
// biome-ignore lint/suspicious/noExplicitAny: wire bodies.
type Wire = any;
let inside: Wire;
let sibling: Wire;
let elsewhere: Wire;
beforeAll(async () => {
  t = await createWorld();
  inside = await t.sandbox({ workspace_slug: 'clinic-a', project_slug: 'site', external_workspace_id: 'clinic_123' });
  sibling = await t.sandbox({ workspace_slug: 'clinic-a', project_slug: 'other' });
  elsewhere = await t.sandbox({ workspace_slug: 'clinic-b', external_workspace_id: 'clinic_456' });
});
afterAll(() => t?.close());

const status = async (as: string, id: string) => (await t.call('GET', `/sandboxes/${id}`, undefined, { as })).status;
const listed = async (as: string) =>
  (await t.call('GET', '/sandboxes', undefined, { as })).body.data.map(({ id }: { id: string }) => id).sort();

describe('minting', () => {
  it('answers the request of the documentation as documented', async () => {
    const body = {
      workspace_id: inside.workspace_id,
      project_id: inside.project_id,
      external_workspace_id: 'clinic_123',
      external_user_id: 'dr-smith-456',
      permissions: ['sandbox:read', 'sandbox:exec', 'preview:read'],
      ttl_seconds: 3600,
    };
    const before = Date.now();
    const answer = await t.call('POST', '/browser-tokens', body);
    const { token, expires_at, ...rest } = answer.body.data;
    expect([answer.status, rest]).toEqual([
      201,
      { permissions: body.permissions, workspace_id: inside.workspace_id, project_id: inside.project_id },
    ]);
    expect(token).toMatch(/^mbt_[A-Za-z0-9_-]+$/);
    const life = Date.parse(expires_at) - before;
    expect([life > 3_598_000, life <= 3_601_000]).toEqual([true, true]);
  });

  const refused: readonly (readonly [string, () => object, number, string])[] = [
    ['no selector', () => ({}), 422, 'VALIDATION_ERROR'],
    ['an unknown permission', () => ({ sandbox_id: inside.id, permissions: ['sandbox:destroy'] }), 422, 'VALIDATION_ERROR'],
    ['no permission', () => ({ sandbox_id: inside.id, permissions: [] }), 422, 'VALIDATION_ERROR'],
    ['59 seconds', () => ({ sandbox_id: inside.id, ttl_seconds: 59 }), 422, 'VALIDATION_ERROR'],
    ['86401 seconds', () => ({ sandbox_id: inside.id, ttl_seconds: 86_401 }), 422, 'VALIDATION_ERROR'],
    [
      'a project of another workspace',
      () => ({ workspace_id: elsewhere.workspace_id, project_id: inside.project_id }),
      422,
      'OWNERSHIP_CONFLICT',
    ],
    ['a sandbox of another workspace', () => ({ workspace_id: elsewhere.workspace_id, sandbox_id: inside.id }), 422, 'OWNERSHIP_CONFLICT'],
    ['a sandbox of another project', () => ({ project_id: sibling.project_id, sandbox_id: inside.id }), 422, 'OWNERSHIP_CONFLICT'],
    [
      'an external id of another workspace',
      () => ({ sandbox_id: inside.id, external_workspace_id: 'clinic_456' }),
      422,
      'OWNERSHIP_CONFLICT',
    ],
    [
      'an external id that is not the link',
      () => ({ workspace_id: inside.workspace_id, external_workspace_id: 'new' }),
      422,
      'OWNERSHIP_CONFLICT',
    ],
    ['an external id nobody has', () => ({ external_workspace_id: 'nobody' }), 404, 'NOT_FOUND'],
    ['a sandbox that never was', () => ({ sandbox_id: newId('sbx') }), 404, 'NOT_FOUND'],
    ['a computer', () => ({ workspace_id: inside.workspace_id, computer_id: 'cmp_1' }), 404, 'NOT_FOUND'],
  ];
  it.each(refused)('is refused for %s, and makes nothing', async (_, body, code, error) => {
    const count = async () => (await t.call('GET', '/workspaces?limit=100')).body.data.length;
    const before = await count();
    const answer = await t.call('POST', '/browser-tokens', { permissions: ['sandbox:read'], ...body() });
    expect([answer.status, answer.body.error.code]).toEqual([code, error]);
    expect(await count()).toBe(before);
  });

  it('gives no permission whose scope the minter lacks', async () => {
    const { key } = await t.mintKey({ scopes: ['sandboxes:read'] });
    const answer = await t.call('POST', '/browser-tokens', { sandbox_id: inside.id, permissions: ['sandbox:exec'] }, { as: key });
    expect([answer.status, answer.body.error.details.required_scope]).toEqual([403, 'sandboxes:write']);
    await t.token({ sandbox_id: inside.id, permissions: ['sandbox:read'] }, key);
  });

  it('is closed to browser tokens, and to what the minter cannot see', async () => {
    const as = await t.token({ workspace_id: inside.workspace_id, permissions: ALL });
    expect((await t.call('POST', '/browser-tokens', { sandbox_id: inside.id, permissions: ALL }, { as })).status).toBe(403);
    const bound = await t.mintKey({ workspace_id: elsewhere.workspace_id });
    const other = await t.addTenant('Other Org');
    for (const stranger of [bound.key, other.owner]) {
      for (const body of [{ sandbox_id: inside.id }, { workspace_id: inside.workspace_id }, { external_workspace_id: 'clinic_123' }]) {
        const answer = await t.call('POST', '/browser-tokens', { ...body, permissions: ['sandbox:read'] }, { as: stranger });
        expect([body, answer.status]).toEqual([body, answer.body.error.code === 'SETUP_REQUIRED' ? 409 : 404]);
      }
    }
  });
});

describe('the boundary', () => {
  it('is one sandbox, or the project, or the workspace: all else is 404 and in no list', async () => {
    const one = await t.token({ workspace_id: inside.workspace_id, sandbox_id: inside.id, permissions: ALL });
    expect([await status(one, inside.id), await status(one, sibling.id), await status(one, elsewhere.id)]).toEqual([200, 404, 404]);
    expect(await listed(one)).toEqual([inside.id]);
    const project = await t.token({ project_id: sibling.project_id, permissions: ALL });
    expect([await status(project, inside.id), await status(project, sibling.id)]).toEqual([404, 200]);
    expect(await listed(project)).toEqual([sibling.id]);
    const workspace = await t.token({ external_workspace_id: 'clinic_123', permissions: ALL });
    expect([await status(workspace, sibling.id), await status(workspace, elsewhere.id)]).toEqual([200, 404]);
    expect(await listed(workspace)).toEqual([inside.id, sibling.id].sort());
  });

  it('of a user’s key holds only what is that user’s', async () => {
    const { token } = await t.addUser('admin');
    const personal = await t.mintKey({ key_type: 'user' }, token);
    const own = await t.sandbox({ workspace_id: inside.workspace_id }, personal.key);
    const as = await t.token({ workspace_id: inside.workspace_id, permissions: ALL }, personal.key);
    expect([await status(as, own.id), await status(as, inside.id)]).toEqual([200, 404]);
    await t.call('DELETE', `/sandboxes/${own.id}`);
  });

  it('selects no other organization', async () => {
    const as = await t.token({ sandbox_id: inside.id, permissions: ALL });
    const headers = (value: string) => ({ as, headers: { 'x-miosa-tenant': value } });
    expect((await t.call('GET', '/auth/me', undefined, headers(t.tenantId))).status).toBe(200);
    expect((await t.call('GET', '/auth/me', undefined, headers('other-org'))).status).toBe(404);
  });
});

describe('a browser token dies', () => {
  const gone = async (as: string, id: string) => {
    t.advance(1000);
    return status(as, id);
  };

  it('with its sandbox', async () => {
    const sandbox = await t.sandbox({});
    const as = await t.token({ sandbox_id: sandbox.id, permissions: ALL });
    expect(await status(as, sandbox.id)).toBe(200);
    await t.call('DELETE', `/sandboxes/${sandbox.id}`);
    expect(await gone(as, sandbox.id)).toBe(401);
    const again = await t.call('POST', '/browser-tokens', { sandbox_id: sandbox.id, permissions: ALL });
    expect([again.status, again.body.error.code]).toEqual([410, 'GONE']);
  });

  it('with the key that minted it, and gives no more than that key has left', async () => {
    const { id, key } = await t.mintKey({});
    const as = await t.token({ sandbox_id: inside.id, permissions: ALL }, key);
    await t.call('PATCH', `/api-keys/${id}`, { scopes: ['sandboxes:read'] });
    t.advance(1000);
    expect(await status(as, inside.id)).toBe(200);
    expect((await t.call('POST', `/sandboxes/${inside.id}/exec`, { command: 'true' }, { as })).status).toBe(403);
    await t.call('DELETE', `/api-keys/${id}`);
    expect(await gone(as, inside.id)).toBe(401);
  });

  it('with the membership of the user who minted it', async () => {
    const { id, token } = await t.addUser('admin');
    const as = await t.token({ sandbox_id: inside.id, permissions: ALL }, token);
    expect(await status(as, inside.id)).toBe(200);
    await t.db.read.deleteFrom('members').where('user_id', '=', id).execute();
    expect(await gone(as, inside.id)).toBe(401);
  });

  it('at its end', async () => {
    const as = await t.token({ sandbox_id: inside.id, permissions: ALL, ttl_seconds: 60 });
    expect(await status(as, inside.id)).toBe(200);
    t.advance(61_000);
    expect(await status(as, inside.id)).toBe(401);
  });
});
