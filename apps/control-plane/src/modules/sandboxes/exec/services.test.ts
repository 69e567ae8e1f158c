import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const processes = async (id: string) => (await world.call('GET', `/sandboxes/${id}/processes`)).body.data;

describe('services', () => {
  test('a process is given its policy and shows it', async () => {
    const { id } = await world.create();
    const { status, body } = await world.call('POST', `/sandboxes/${id}/processes`, {
      command: 'serve',
      autostart: true,
      restart: 'always',
    });
    expect([status, body.data]).toEqual([
      201,
      expect.objectContaining({ autostart: true, restart: 'always', restarts: 0, state_reason: null }),
    ]);
    expect((await world.call('POST', `/sandboxes/${id}/processes`, { command: 'x', restart: 'often' })).status).toBe(422);
  });

  test('start_command is the service `start`, once, and again only where none has run', async () => {
    const { id } = await world.create({ start_command: 'serve' });
    expect(await processes(id)).toEqual([
      expect.objectContaining({ name: 'start', command: 'serve', autostart: true, restart: 'on_failure' }),
    ]);
    await world.call('POST', `/sandboxes/${id}/pause`);
    await world.call('POST', `/sandboxes/${id}/resume`);
    expect(await processes(id)).toHaveLength(1);
    await world.host.fake.stop(id);
    await world.host.fake.resume(id); // its agent has forgotten all: it is a fake
    const { core } = world;
    await core.db.read.updateTable('sandboxes').set({ state: 'paused' }).where('id', '=', id).execute();
    await world.call('POST', `/sandboxes/${id}/resume`);
    expect(await processes(id)).toEqual([expect.objectContaining({ name: 'start' })]);
  });

  test('readiness shows the check of the probe', async () => {
    const { id } = await world.create({ start_command: 'serve', readiness_probe: { type: 'tcp', port: 5173 } });
    const { body } = await world.call('GET', `/sandboxes/${id}/readiness`);
    expect(body.data).toMatchObject({ ready: true, checks: [{ name: 'machine' }, { name: 'agent' }, { name: 'start', ok: true }] });
  });

  test.each([
    [{ readiness_probe: { type: 'tcp', port: 1 } }, 'readiness_probe'],
    [{ start_command: 'x', readiness_probe: { type: 'http' } }, 'readiness_probe.port'],
    [{ start_command: 'x', readiness_probe: { type: 'command' } }, 'readiness_probe.command'],
    [{ start_command: 'x', readiness_probe: { type: 'icmp' } }, 'readiness_probe'],
    [{ start_command: 'x', readiness_probe: { type: 'http', port: 1, path: 'no slash' } }, 'readiness_probe'],
  ])('%j is refused by naming the field', async (body, path) => {
    const answer = await world.call('POST', '/sandboxes', body);
    expect([answer.status, answer.body.error.details.fields[0].path]).toEqual([422, expect.stringContaining(path)]);
  });
});
