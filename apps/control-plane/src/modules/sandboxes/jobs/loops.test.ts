import { afterEach, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';
import { createJobs, type Jobs } from './jobs.ts';

let world: World;
let jobs: Jobs;
afterEach(async () => {
  await jobs?.stop();
  await world?.close();
});

describe('reconcilers', () => {
  test('after start-up what ended while nobody looked is known, and from then on they repeat by themselves', async () => {
    world = await createWorld();
    const { id } = await world.create();
    await world.host.fake.stop(id);
    jobs = createJobs(world.core);
    await jobs.start();
    await expect.poll(async () => (await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('paused');
    const other = await world.create({ timeout_sec: 60, persistent: false });
    world.advance(61_000);
    await expect
      .poll(async () => (await world.call('GET', `/sandboxes/${other.id}`)).body.data.ended_reason, { timeout: 5000 })
      .toBe('timeout');
  });

  test('a host that is away keeps neither start-up nor stop from ending', async () => {
    world = await createWorld();
    world.host.fail('list', new Error('away'));
    jobs = createJobs(world.core);
    await jobs.start();
    await jobs.stop();
    expect(world.host.calls).toContain('list');
  });
});
