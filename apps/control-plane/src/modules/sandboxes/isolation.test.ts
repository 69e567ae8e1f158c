import { newId, newUuid, type UserId, type WorkspaceId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sandboxRoutes } from './index.ts';
import { createWorld, type World } from './testing/world.ts';

let world: World;
let sandbox: { id: string };
let previewId: string;
let shareId: string;
let strangers: Record<string, string>;
beforeAll(async () => {
  world = await createWorld();
  const other = await world.tenant('Other Org');
  sandbox = await world.create({ workspace_slug: 'dr-smith-clinic', project_slug: 'site' });
  const elsewhere = await world.create({ workspace_slug: 'dr-jones-clinic' });
  previewId = (await world.call('POST', `/sandboxes/${sandbox.id}/expose`, { port: 3000 })).body.data.id;
  shareId = (await world.call('POST', `/sandboxes/${sandbox.id}/shares`, {})).body.data.id;
  strangers = {
    'a key of another organization': world.actor({ tenantId: other }),
    'a key bound to another workspace': world.actor({ workspaceId: elsewhere.workspace_id as WorkspaceId }),
    'a key of a user who owns nothing': world.actor({ keyType: 'user', userId: newUuid() as UserId, role: 'owner' }),
    'an owner of another organization': world.user({ tenantId: other }),
    'a member, who knows only the default workspace': world.user({ role: 'member' }),
  };
});
afterAll(() => world?.close());

const BODIES: Record<string, object> = {
  'sandboxes.exec': { command: 'true' },
  'sandboxes.exec.stream': { command: 'true' },
  'sandboxes.processes.start': { command: 'true' },
  'sandboxes.processes.stdin': { data: 'x' },
  'sandboxes.processes.signal': { signal: 'TERM' },
  'sandboxes.files.stat': { path: 'a' },
  'sandboxes.files.create': { path: 'a', content: 'YQ==' },
  'sandboxes.files.writeMany': { files: [{ path: 'a', content: 'a' }] },
  'sandboxes.files.mkdir': { path: 'd' },
  'sandboxes.files.rename': { from: 'a', to: 'b' },
  'sandboxes.files.copy': { from: 'a', to: 'b' },
  'sandboxes.files.chmod': { path: 'a', mode: '0600' },
  'sandboxes.expose': { port: 3000 },
  'sandboxes.networkPolicy.set': { default_effect: 'allow', rules: [] },
  'sandboxes.env.set': { vars: [{ key: 'A', value: 'b' }] },
};

/** Every route of one sandbox, from the declarations: a new route is covered the day it is declared. */
const routes = () => sandboxRoutes(world.core).filter((route) => route.path.includes('{id}') && route.internal !== true);

const request = (route: { id: string; method: string; path: string }, id: string) => {
  const path = route.path
    .replace('{id}', id)
    .replace('{pid}', newId('prc'))
    .replace('{preview_id}', previewId)
    .replace('{share}', shareId)
    .replace('{key}', 'A')
    .replace('{path...}', 'a.txt');
  const query = /files\/content$/.test(path) ? '?path=a.txt' : '';
  const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : (BODIES[route.id] ?? {});
  return { path: `${path}${query}`, body };
};

describe('a sandbox of somebody else', () => {
  test('is 404 with the same body as one that never was, on every route, and nothing happens to it', async () => {
    const count = async () => (await world.core.db.read.selectFrom('audit_entries').select('id').execute()).length;
    const [before, calls] = [await count(), world.host.calls.length];
    let asked = 0;
    for (const [who, as] of Object.entries(strangers)) {
      for (const route of routes()) {
        const foreign = request(route, sandbox.id);
        const answer = await world.call(route.method, foreign.path, foreign.body, { as });
        const absent = request(route, newId('sbx'));
        const unknown = await world.call(route.method, absent.path, absent.body, { as });
        const shown = (reply: typeof answer) => [reply.status, { ...reply.body?.error, request_id: '' }];
        expect([who, route.id, ...shown(answer)]).toEqual([who, route.id, ...shown(unknown)]);
        expect([who, route.id, answer.status]).toEqual([who, route.id, 404]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(5 * 35);
    expect([await count(), world.host.calls.length]).toEqual([before, calls]);
    expect((await world.call('GET', `/sandboxes/${sandbox.id}`)).body.data.state).toBe('running');
  });

  test('is in nobody else’s list', async () => {
    for (const [who, as] of Object.entries(strangers)) {
      const { body } = await world.call('GET', '/sandboxes', undefined, { as });
      expect([who, body.data.map((row: { id: string }) => row.id).includes(sandbox.id)]).toEqual([who, false]);
    }
  });
});

describe('who sees what', () => {
  test('a bound key sees its workspace, a user key its own, an owner all', async () => {
    const mine = await world.call('GET', `/sandboxes/${sandbox.id}`);
    const bound = world.actor({ workspaceId: mine.body.data.workspace_id });
    expect((await world.call('GET', `/sandboxes/${sandbox.id}`, undefined, { as: bound })).status).toBe(200);
    const userId = newUuid() as UserId;
    await insertUser(userId);
    const personal = world.actor({ keyType: 'user', userId, role: 'owner' });
    const own = await world.call('POST', '/sandboxes', {}, { as: personal });
    expect([own.status, own.body.data.owner_user_id]).toEqual([201, userId]);
    const listed = await world.call('GET', '/sandboxes', undefined, { as: personal });
    expect(listed.body.data.map((row: { id: string }) => row.id)).toEqual([own.body.data.id]);
    expect((await world.call('GET', `/sandboxes/${sandbox.id}`, undefined, { as: world.user({ role: 'owner' }) })).status).toBe(200);
  });

  test('pages go through every sandbox once, newest first', async () => {
    const as = world.actor({});
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await world.create({ tags: ['paged'] })).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await world.call('GET', `/sandboxes?tag=paged&limit=2${cursor}`, undefined, { as });
      seen.push(...body.data.map((row: { id: string }) => row.id));
      cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(ids.reverse());
  });
});

const insertUser = (id: string) =>
  world.core.db.read
    .insertInto('users' as never)
    .values({ id, email: `${id}@example.test`, password_hash: 'x' } as never)
    .execute();
