import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';
import { collectCounters } from './counters.ts';
import { seriesOf } from './series.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
const usage = async (id: string) => (await world.call('GET', `/sandboxes/${id}/usage`)).body.data;

describe('metrics', () => {
  test('a point a step: processor and network by how far counters moved, memory and disk as they were', async () => {
    const { id } = await world.create();
    const start = Math.floor(world.core.now().getTime() / 10_000) * 10_000 - 60_000;
    const at = (sec: number, cpuSec: number, rx: number) =>
      world.host.fake.use(id, { at: start + sec * 1000, cpuUsageUsec: cpuSec * 1e6, networkRxBytes: rx, memoryBytes: 1000, diskBytes: 5 });
    at(1, 1, 100);
    at(11, 6, 150); // half a processor
    at(21, 26, 150); // two
    // It stood still for two steps.
    at(51, 26, 400);
    const { status, body } = await world.call('GET', `/sandboxes/${id}/metrics`);
    expect([status, body.data.window, body.data.step_sec]).toEqual([200, '1h', 10]);
    const ts = (sec: number) => new Date(start + sec * 1000).toISOString();
    expect(body.data.series.cpu_percent).toEqual([
      [ts(0), 0],
      [ts(10), 50],
      [ts(20), 200],
      [ts(50), 0],
    ]);
    expect(body.data.series.network_rx_bytes.map(([, bytes]: [string, number]) => bytes)).toEqual([0, 50, 0, 250]);
    expect(body.data.series.memory_bytes[0]).toEqual([ts(0), 1000]);
    await world.call('DELETE', `/sandboxes/${id}`);
    const after = await world.call('GET', `/sandboxes/${id}/metrics`);
    expect([after.status, after.body.data.series.cpu_percent]).toEqual([200, []]);
  });

  test.each([
    ['5m', 10],
    ['60m', 10],
    ['6h', 300],
    ['1d', 300],
    ['7d', 1800],
  ])('a window of %s has steps of %d seconds, of at most 360 points', async (window, step) => {
    const { id } = await world.create();
    expect((await world.call('GET', `/sandboxes/${id}/metrics?window=${window}`)).body.data.step_sec).toBe(step);
  });

  test.each(['4m', '8d', '1w', '', '1.5h', '-1h', '99999d'])('a window of "%s" is refused', async (window) => {
    const { id } = await world.create();
    expect((await world.call('GET', `/sandboxes/${id}/metrics?window=${window}`)).status).toBe(422);
  });

  test('the first step is measured against what came before the window', () => {
    const one = (at: number, cpuUsageUsec: number) => ({
      ...{ at, cpuUsageUsec },
      ...{ memoryBytes: 0, diskBytes: 0, networkRxBytes: 0, networkTxBytes: 0 },
    });
    const { cpu_percent } = seriesOf([one(0, 0), one(10_000, 10_000_000)], 10_000, 10_000);
    expect(cpu_percent).toEqual([['1970-01-01T00:00:10.000Z', 100]]);
  });
});

describe('usage', () => {
  test('is measured, only grows, and outlives pause, collection, a host that forgot, and the sandbox', async () => {
    const { id } = await world.create();
    world.host.fake.use(id, { cpuUsageUsec: 5_000_000, networkRxBytes: 1000, networkTxBytes: 500, diskBytes: 4096 });
    expect(await usage(id)).toMatchObject({
      active_cpu_ms: 5000,
      network_ingress_bytes: 1000,
      network_egress_bytes: 500,
      storage_bytes: 4096,
      measurement_status: { active_cpu: 'measured', network: 'measured', provisioned_resources: 'measured' },
    });
    await collectCounters(world.core);
    await collectCounters(world.core);
    world.host.fake.use(id, { cpuUsageUsec: 0, networkRxBytes: 0 });
    await collectCounters(world.core);
    expect(await usage(id)).toMatchObject({ active_cpu_ms: 5000, network_ingress_bytes: 1000 });
    await world.call('POST', `/sandboxes/${id}/pause`);
    world.host.fake.use(id, { cpuUsageUsec: 9_000_000 });
    await world.call('DELETE', `/sandboxes/${id}`);
    expect(await usage(id)).toMatchObject({ state: 'destroyed', active_cpu_ms: 9000, network_ingress_bytes: 1000, storage_bytes: 0 });
  });

  test('what was never measured is said to be unavailable, not zero', async () => {
    const { id } = await world.create();
    await world.host.fake.destroy(id);
    expect(await usage(id)).toMatchObject({ active_cpu_ms: null, measurement_status: { active_cpu: 'unavailable' } });
  });
});
