import { newId, type Op } from '@miosa/kernel';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBoundaries } from '../boundary.ts';
import { sandboxRoutes } from '../index.ts';
import { endTimers } from '../jobs/timers.ts';
import { destroyAll } from '../lifecycle/service.ts';
import { countByProject, countIn, totalsByProjects } from '../store.ts';
import { createWorld, type World } from '../testing/world.ts';
import { createMachines } from './machines.ts';
import type { LaunchMachine, Machines } from './types.ts';

let world: World;
let machines: Machines;
let sandbox: { id: string; slug: string };
let op: Op;
beforeAll(async () => {
  world = await createWorld();
  machines = createMachines(world.core);
  sandbox = await world.create({ workspace_slug: 'dr-smith-clinic', project_slug: 'site', name: 'origin' });
  op = { ...world.op(), actor: { ...world.op().actor, tenantId: world.tenantId } as Op['actor'] };
});
afterAll(() => world?.close());

const launch = async (over: Partial<LaunchMachine> = {}) => {
  const { ownership } = await machines.source(op, sandbox.id);
  const from = { templateId: 'miosa-sandbox' };
  return machines.launch(op, { purpose: 'instance', ownership, from, name: 'site', size: 'xs', vars: [], startCommand: 'true', ...over });
};

const rowOf = async (id: string) => world.core.db.read.selectFrom('sandboxes').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

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

describe('a machine of a deployment', () => {
  test('is 404 on every route of sandboxes, as one that never was, and nothing happens to it', async () => {
    const { id } = await launch();
    const calls = world.host.calls.length;
    const routes = sandboxRoutes(world.core).filter(
      (route) => route.path.includes('{id}') && route.internal !== true && route.path.startsWith('/sandboxes'),
    );
    expect(routes.length).toBeGreaterThan(35);
    for (const route of routes) {
      const ask = (one: string) => {
        const path = route.path.replace('{id}', one).replace('{pid}', newId('prc')).replace('{preview_id}', newId('prv'));
        const rest = path
          .replace('{share}', newId('shr'))
          .replace('{key}', 'A')
          .replace('{path...}', 'a.txt')
          .replace(/\{[a-z_]+\}/g, newId('snp'));
        const query = /files\/content$/.test(rest) ? '?path=a.txt' : '';
        const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : (BODIES[route.id] ?? {});
        return world.call(route.method, `${rest}${query}`, body);
      };
      const [answer, unknown] = [await ask(id), await ask(newId('sbx'))];
      const shown = (reply: typeof answer) => [reply.status, { ...reply.body?.error, request_id: '' }];
      expect([route.id, ...shown(answer)]).toEqual([route.id, ...shown(unknown)]);
      expect([route.id, answer.status]).toEqual([route.id, 404]);
    }
    expect(world.host.calls.length).toBe(calls);
    expect((await machines.find([id])).get(id)?.state).toBe('running');
  });

  test('is in no list, no bulk operation, no boundary, no count, and found by no name', async () => {
    const { id } = await launch({ name: 'hidden' });
    const row = await rowOf(id);
    const { body } = await world.call('GET', '/sandboxes?limit=100');
    expect(body.data.map((one: { id: string }) => one.id)).toEqual([sandbox.id]);
    const bulk = await world.call('POST', '/bulk/sandboxes/pause', { ids: [id] });
    await expect
      .poll(async () => (await world.call('GET', `/bulk/${bulk.body.data.id}`)).body.data)
      .toMatchObject({ failed: 1, errors: [{ id, code: 'NOT_FOUND' }] });
    await expect(createBoundaries(world.core).find(op, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const counted = [
      (await countByProject(world.core.db.read, [row.project_id])).get(row.project_id),
      (await totalsByProjects(world.core.db.read, [row.project_id])).running,
      (await countIn(world.core.db.read, world.tenantId, '')).living,
    ];
    expect(counted).toEqual([1, 1, 1]);
    const named = await world.call('POST', '/sandboxes', { name: 'hidden', get_or_create: true, project_id: row.project_id });
    expect(named.body.data.id).not.toBe(id);
    await world.call('DELETE', `/sandboxes/${named.body.data.id}`);
  });

  test('tells no event, and writes no audit entry of sandboxes', async () => {
    const { id } = await launch();
    await machines.pause(op, id);
    await machines.wake(op, id);
    await machines.destroy(op, id);
    const said = await sql<{ n: number }>`
      select (select count(*) from events where resource_id = ${id}) + (select count(*) from event_inbox where resource_id = ${id})
           + (select count(*) from audit_entries where resource_id = ${id}) as n`.execute(world.core.db.read);
    expect(Number(said.rows[0]?.n)).toBe(0);
    expect((await rowOf(id)).state).toBe('destroyed');
  });

  test('is not in the view of the edge, which wakes it by its id all the same', async () => {
    const { id, slug } = await launch();
    const seen = await sql`select id from edge_sandboxes where id = ${id} or slug = ${slug}`.execute(world.core.db.read);
    expect(seen.rows).toEqual([]);
    await machines.pause(op, id);
    expect([(await rowOf(id)).state, (await rowOf(id)).state_reason]).toEqual(['paused', 'idle']);
    const woken = await world.internal('POST', `/internal/sandboxes/${id}/wake`);
    expect([woken.status, woken.body.data.state]).toEqual([200, 'running']);
  });

  test('is metered as what it is, for the project', async () => {
    const [instance, build] = [await launch(), await launch({ purpose: 'build' })];
    const { rows } = await sql<{ resource_type: string; resource_id: string; project_id: string; ended_at: Date | null }>`
      select resource_type, resource_id, project_id, ended_at from usage_intervals where resource_id in (${instance.id}, ${build.id})`.execute(
      world.core.db.read,
    );
    const types = new Map(rows.map((row) => [row.resource_id, row.resource_type]));
    expect([types.get(instance.id), types.get(build.id)]).toEqual(['deployment_instance', 'deployment_build']);
    await machines.destroy(op, build.id);
    const ended = await sql<{ ended_at: Date | null }>`select ended_at from usage_intervals where resource_id = ${build.id}`.execute(
      world.core.db.read,
    );
    expect(ended.rows[0]?.ended_at).not.toBeNull();
  });

  test('of a build ends by itself, and an instance never does', async () => {
    const [instance, build] = [await launch(), await launch({ purpose: 'build', timeoutSec: 1800 })];
    world.advance(2 * 3600_000);
    await endTimers(world.core);
    expect([(await rowOf(build.id)).state, (await rowOf(instance.id)).state]).toEqual(['destroyed', 'running']);
  });

  test('with the same id is the same machine, and what stands beside its row stands with it or not at all', async () => {
    const id = newId('sbx');
    await launch({ id });
    await launch({ id });
    expect(world.host.calls.filter((call) => call === `create ${id}`)).toHaveLength(1);
    const other = newId('sbx');
    const failing = launch({ id: other, alongside: () => Promise.reject(new Error('no')) });
    await expect(failing).rejects.toThrow('no');
    expect((await machines.find([other])).size).toBe(0);
  });

  test('that fails to start leaves nothing that lives', async () => {
    const id = newId('sbx');
    world.host.fail('create', new Error('the host is full'));
    await expect(launch({ id })).rejects.toThrow();
    world.host.fail('create', undefined);
    await expect.poll(async () => (await machines.find([id])).get(id)?.state).toBe('destroyed');
  });

  test('finds in its environment what it was given, and not that it is a sandbox', async () => {
    const { id } = await launch({ vars: [{ key: 'PORT', value: '3000' }] });
    let out = '';
    for await (const said of machines.exec(op, id, { command: 'echo $PORT-$MIOSA_SANDBOX_ID-', timeoutSec: 10 }))
      if (said.type === 'stdout') out += said.bytes.toString();
    expect(out).toBe('3000--\n');
  });

  test('ends with its project', async () => {
    const { id } = await launch();
    const { project_id } = await rowOf(id);
    await destroyAll(op, world.core, { projectId: project_id }, 'project_deleted');
    expect((await rowOf(id)).ended_reason).toBe('project_deleted');
    sandbox = await world.create({ workspace_slug: 'dr-smith-clinic', project_slug: 'site', name: 'origin' });
  });
});

describe('the files of a machine', () => {
  test('come from a sandbox and go on to the next one; nobody else sees them', async () => {
    const taken = await machines.takeSnapshot(op, sandbox.id);
    const build = await launch({ purpose: 'build', from: { snapshotId: taken.id } });
    const release = await machines.takeSnapshot(op, build.id);
    await machines.destroy(op, build.id);
    const instance = await launch({ from: { snapshotId: release.id } });
    expect((await machines.find([instance.id])).get(instance.id)?.state).toBe('running');
    for (const { id } of [taken, release]) expect((await world.call('POST', '/sandboxes', { snapshot_id: id })).status).toBe(404);
    await machines.dropSnapshot(op, taken.id);
    await expect(launch({ from: { snapshotId: taken.id } })).rejects.toMatchObject({ code: 'GONE' });
  });

  test('of another organization are none', async () => {
    const taken = await machines.takeSnapshot(op, sandbox.id);
    const tenantId = await world.tenant('Other Org');
    const { ownership } = await machines.source(op, sandbox.id);
    await expect(launch({ from: { snapshotId: taken.id }, ownership: { ...ownership, tenantId } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const stranger = { ...op, actor: { ...op.actor, tenantId } as Op['actor'] };
    await expect(machines.source(stranger, sandbox.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(machines.takeSnapshot(stranger, sandbox.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
