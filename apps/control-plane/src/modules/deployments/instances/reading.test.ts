import type { SseEvent } from '@miosa/http';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createDynamicWorld, type DynamicWorld, startApp } from '../testing/dynamic.ts';
import { stopInstance } from './end.ts';
import { afterOf, idOf } from './log-place.ts';
import { followLogs, lastLines } from './logs.ts';
import { metricsOf } from './metrics.ts';
import { rollOut } from './rollout.ts';
import { markStopping } from './store.ts';
import { BOUNDS_MS, quantile, recordTraffic } from './traffic.ts';

let w: DynamicWorld;
let app: App;
let id: string;
let first: string;
let second: string;
beforeAll(async () => {
  w = await createDynamicWorld();
  app = await startApp();
  const deployment = await w.deployment({ replicas: 2 });
  id = deployment.id;
  const version = await w.version(deployment, { port: app.port });
  const rollout = await rollOut(w.op(), w.core, deployment, version);
  await w.promote(id, version);
  await rollout.settled();
  const [a, b] = await w.instances(id);
  [first, second] = [a?.id ?? '', b?.id ?? ''];
  const lines = new Map([
    [a?.machine_id, ['one', 'two']],
    [b?.machine_id, ['three']],
  ]);
  w.over.tail = async (machineId, most) =>
    (lines.get(machineId) ?? []).map((line) => ({ stream: line === 'two' ? ('stderr' as const) : ('stdout' as const), line })).slice(-most);
  w.over.follow = async function* (_op, machineId, { after, signal }) {
    const all = lines.get(machineId) ?? [];
    for (const [i, line] of all.entries())
      if (i >= Number(after ?? 0))
        yield { type: 'log', id: String(i + 1), data: { ts: '2026-01-01T00:00:00.000Z', stream: 'stdout', line, source: 'start' } };
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
});
afterAll(async () => {
  await app?.close();
  await w?.close();
});

const said = (lines: readonly { readonly line: string; readonly instance_id: string }[]): string[] =>
  lines.map(({ line, instance_id }) => `${instance_id === first ? 'first' : 'second'} ${line}`);

/** The first events of a stream, which is left after them. */
const take = async (count: number, how: { after?: string; instanceId?: string } = {}): Promise<SseEvent[]> => {
  const signal = new AbortController();
  const got: SseEvent[] = [];
  for await (const event of followLogs(w.op(), w.core, id, { lines: 200, after: undefined, ...how, signal: signal.signal })) {
    got.push(event);
    if (got.length === count) break;
  }
  signal.abort();
  return got;
};

describe('logs', () => {
  test('are those of all instances, or of one, or of one stream', async () => {
    expect(said(await lastLines(w.core, id, { lines: 200 })).toSorted()).toEqual(['first one', 'first two', 'second three']);
    expect(said(await lastLines(w.core, id, { lines: 200, instanceId: second }))).toEqual(['second three']);
    expect(said(await lastLines(w.core, id, { lines: 200, stream: 'stderr' }))).toEqual(['first two']);
    expect(await lastLines(w.core, id, { lines: 1 })).toHaveLength(1);
  });

  test('of an instance of another deployment are none', async () => {
    const other = await w.deployment();
    expect(await lastLines(w.core, other.id, { lines: 200, instanceId: first })).toEqual([]);
  });

  test('are followed over all instances, and go on after any of them', async () => {
    const all = await take(3);
    expect(said(all.map(({ data }) => data as { line: string; instance_id: string })).toSorted()).toEqual([
      'first one',
      'first two',
      'second three',
    ]);
    const rest = await take(1, { after: String(all[1]?.id) });
    const seen = all.slice(0, 2).map(({ data }) => (data as { line: string }).line);
    expect([...seen, ...rest.map(({ data }) => (data as { line: string }).line)].toSorted()).toEqual(['one', 'three', 'two']);
  });

  test('refuse a position that was never given', () => {
    const places = new Map([[first, 'abc']]);
    expect(afterOf(idOf(places))).toEqual(places);
    for (const wrong of ['x', 'ins_1~a', `${first}~a~b`, `${first}~../x`, `${first}`])
      expect(() => afterOf(wrong)).toThrow('not a position');
  });

  test('of an ended instance stay to be read, and their stream ends', async () => {
    const now = w.core.now();
    await w.core.db.tx(w.op(), 'test', (tx) => markStopping(tx, [first], now, now));
    await stopInstance(w.core, first);
    expect(said(await lastLines(w.core, id, { lines: 200, instanceId: first }))).toEqual(['first one', 'first two']);
    expect((await take(3, { instanceId: first })).map(({ type }) => type)).toEqual(['log', 'log', 'end']);
    const since = new Date(w.core.now().getTime() + 1000);
    expect(said(await lastLines(w.core, id, { lines: 200, since }))).toEqual(['second three']);
  });
});

describe('metrics', () => {
  const durations = (bucket: number, n: number) => BOUNDS_MS.concat(0).map((_, i) => (i === bucket ? n : 0));
  const report = (over: object) =>
    ({ until: w.core.now().getTime(), bounds_ms: BOUNDS_MS, deployments: { [id]: over } }) as Parameters<typeof recordTraffic>[1];

  test('add up what several edges reported', async () => {
    await recordTraffic(w.core, report({ requests: 90, errors: 1, egress_bytes: 1000, durations: durations(4, 90) }));
    await recordTraffic(w.core, report({ requests: 10, errors: 0, egress_bytes: 50, durations: durations(20, 10) }));
    const { series, step_sec } = await metricsOf(w.core, id, '1h');
    const sum = (points: [string, number][]) => points.reduce((total, [, n]) => total + n, 0);
    expect([step_sec, sum(series.requests), sum(series.errors), sum(series.egress_bytes)]).toEqual([60, 100, 1, 1050]);
    expect([series.p50_ms.at(-1)?.[1], series.p95_ms.at(-1)?.[1]]).toEqual([BOUNDS_MS[4], BOUNDS_MS[20]]);
  });

  test('count requests of other bounds without their durations, and nothing of unknown deployments', async () => {
    const before = (await metricsOf(w.core, id, '1h')).series.p95_ms;
    await recordTraffic(w.core, { ...report({ requests: 5, errors: 0, egress_bytes: 0, durations: [5] }), bounds_ms: [1] });
    await recordTraffic(w.core, {
      until: 0,
      bounds_ms: BOUNDS_MS,
      deployments: { dep_none: { requests: 5, errors: 0, egress_bytes: 0, durations: [] } },
    });
    expect((await metricsOf(w.core, id, '1h')).series.p95_ms).toEqual(before);
    const { rows } = await sql`select from deployment_traffic where deployment_id <> ${id}`.execute(w.core.db.read);
    expect(rows).toEqual([]);
  });

  test('a quantile is a bound that so many stayed below', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([1, 1], 0.5)).toBe(BOUNDS_MS[0]);
    expect(quantile(durations(37, 1), 0.5)).toBe(BOUNDS_MS.at(-1));
  });
});
