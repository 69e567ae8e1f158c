import { Fault, networkDigest, parseNetworkPolicy } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareWithHost } from '../jobs/compare.ts';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const DENY = {
  default_effect: 'deny',
  rules: [{ effect: 'allow', destination: 'api.example.com', ports: [443], protocol: 'tcp' }],
} as const;
const digestOf = (...levels: object[]): string => networkDigest(levels.map((level) => parseNetworkPolicy('p', level as typeof DENY)));
const onHost = async (id: string): Promise<string> => (await world.host.fake.inspect(id))?.networkDigest ?? '';
const path = (id: string): string => `/sandboxes/${id}/network-policy`;
const actionsOf = async (id: string): Promise<string[]> =>
  (await world.core.db.read.selectFrom('audit_entries').select('action').where('resource_id', '=', id).execute()).map(
    ({ action }) => action,
  );

describe('network policy of a sandbox', () => {
  test('is absent by default; set it is in force on the host, audited, and read back in canonical form', async () => {
    const { id } = await world.create();
    expect((await world.call('GET', path(id))).body.data).toEqual({ default_effect: 'allow', rules: [] });
    const body = { default_effect: 'deny', rules: [{ effect: 'allow', destination: 'API.Example.com.', ports: ['443'], protocol: 'tcp' }] };
    expect((await world.call('PUT', path(id), body)).body.data).toEqual(DENY);
    expect((await world.call('GET', path(id))).body.data).toEqual(DENY);
    expect(await onHost(id)).toBe(digestOf(DENY));
    expect((await world.call('DELETE', path(id))).body.data).toEqual({ id, deleted: true });
    expect(await onHost(id)).toBe('');
    expect((await world.call('GET', path(id))).body.data.default_effect).toBe('allow');
    expect(await actionsOf(id)).toEqual(expect.arrayContaining(['sandboxes.network_policy.set', 'sandboxes.network_policy.delete']));
  });

  test('given at creation, it is in force before anything runs', async () => {
    const { id } = await world.create({ network_policy: DENY });
    expect(await onHost(id)).toBe(digestOf(DENY));
    expect((await world.call('GET', path(id))).body.data).toEqual(DENY);
  });

  test('a fork has that of its original', async () => {
    const { id } = await world.create({ network_policy: DENY });
    const fork = await world.call('POST', `/sandboxes/${id}/fork`, {});
    expect(fork.status).toBe(201);
    const copy = [fork.body.data].flat()[0];
    expect(await onHost(copy.id ?? copy.sandbox?.id)).toBe(digestOf(DENY));
  });

  test('what is made of a snapshot has that of the snapshot’s sandbox, unless it is given its own', async () => {
    const { id } = await world.create({ network_policy: DENY });
    const snapshot = (await world.call('POST', `/sandboxes/${id}/snapshots`, {})).body.data.id;
    await world.call('DELETE', `/sandboxes/${id}`);
    const made = await world.create({ snapshot_id: snapshot });
    expect(await onHost(made.id)).toBe(digestOf(DENY));
    const restored = (await world.call('POST', `/sandboxes/${id}/restore/${snapshot}`, {})).body.data;
    expect(await onHost(restored.id)).toBe(digestOf(DENY));
    const other = { default_effect: 'deny', rules: [] };
    expect(await onHost((await world.create({ snapshot_id: snapshot, network_policy: other })).id)).toBe(digestOf(other));
  });

  test('stays over pause and resume, and changes while paused without waking', async () => {
    const { id } = await world.create({ network_policy: DENY });
    await world.call('POST', `/sandboxes/${id}/pause`);
    const other = { default_effect: 'deny', rules: [] };
    expect((await world.call('PUT', path(id), other)).status).toBe(200);
    expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
    await world.call('POST', `/sandboxes/${id}/resume`);
    expect(await onHost(id)).toBe(digestOf(other));
  });

  test.each([
    [{ default_effect: 'deny' }],
    [{ default_effect: 'maybe', rules: [] }],
    [{ default_effect: 'deny', rules: [{ effect: 'allow', destination: 'not a host' }] }],
    [{ default_effect: 'deny', rules: [{ effect: 'allow', destination: '10.0.0.1/8' }] }],
    [{ default_effect: 'deny', rules: [{ effect: 'allow', destination: 'a.example', ports: ['9-1'] }] }],
    [{ default_effect: 'deny', rules: Array.from({ length: 201 }, () => ({ effect: 'allow', destination: 'a.example' })) }],
  ])('%j is refused, at creation too', async (policy) => {
    const { id } = await world.create();
    expect((await world.call('PUT', path(id), policy)).status).toBe(422);
    expect((await world.call('POST', '/sandboxes', { network_policy: policy })).status).toBe(422);
    expect(await onHost(id)).toBe('');
  });

  test('a host that does not answer is an error; the policy is stored and carried out by the reconciler', async () => {
    const { id } = await world.create();
    world.host.fake.failNext('setNetworkPolicy', new Fault('INTERNAL', 'broken'));
    expect((await world.call('PUT', path(id), DENY)).status).toBeGreaterThanOrEqual(500);
    expect(await onHost(id)).toBe('');
    await compareWithHost(world.core);
    expect(await onHost(id)).toBe(digestOf(DENY));
  });

  test('is nobody else’s to see or change; a destroyed sandbox has none to set', async () => {
    const { id } = await world.create({ network_policy: DENY });
    const stranger = world.actor({ tenantId: await world.tenant('Other') });
    for (const [method, body] of [['GET'], ['PUT', DENY], ['DELETE']] as const)
      expect((await world.call(method, path(id), body, { as: stranger })).status).toBe(404);
    expect((await world.call('GET', `${path(id)}/blocked`, undefined, { as: stranger })).status).toBe(404);
    await world.call('DELETE', `/sandboxes/${id}`);
    expect((await world.call('PUT', path(id), DENY)).status).toBe(410);
  });

  test('what was blocked is a list', async () => {
    const { id } = await world.create({ network_policy: DENY });
    expect((await world.call('GET', `${path(id)}/blocked?since=2026-01-01T00:00:00Z`)).body.data).toEqual([]);
    expect((await world.call('GET', `${path(id)}/blocked?since=yesterday`)).status).toBe(400);
  });
});

describe('levels', () => {
  test('organization, workspace and project add to the sandbox’s own, within a pass of the reconciler', async () => {
    const made = await world.create({ network_policy: DENY });
    const { id } = made;
    const level = (destination: string) => ({ default_effect: 'allow', rules: [{ effect: 'deny', destination, protocol: 'any' }] });
    const { db } = world.core;
    await db.read
      .updateTable('tenants')
      .set({ network_policy: JSON.stringify(level('org.example')) })
      .where('id', '=', world.tenantId)
      .execute();
    await db.read
      .updateTable('workspaces')
      .set({ settings: JSON.stringify({ network_policy: level('workspace.example') }) })
      .where('id', '=', made.workspace_id as never)
      .execute();
    await compareWithHost(world.core);
    expect(await onHost(id)).toBe(digestOf(level('org.example'), level('workspace.example'), DENY));
    const later = await world.create();
    expect(await onHost(later.id)).toBe(digestOf(level('org.example'), level('workspace.example')));
    await world.call('DELETE', path(id));
    expect(await onHost(id)).toBe(digestOf(level('org.example'), level('workspace.example')));
  });

  test('settings that nobody can read allow nothing', async () => {
    const { id } = await world.create();
    await world.core.db.read
      .updateTable('tenants')
      .set({ network_policy: JSON.stringify({ odd: true }) })
      .where('id', '=', world.tenantId)
      .execute();
    await compareWithHost(world.core);
    expect(await onHost(id)).not.toBe('');
    expect((await world.host.fake.inspect(id))?.networkDigest).toMatch(/^[0-9a-f]{16}$/);
  });
});
