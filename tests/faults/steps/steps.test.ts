import { createHash, randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs'; // DEBUG
import { join } from 'node:path'; // DEBUG
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Books, openBooks } from '../books.ts';
import { type Broken, listed, startBreakable } from '../fixture.ts';
import { agentOf, helperOf, nameServerOf, residue, sandboxesOnHost } from '../host.ts';
import { KEPT, type Operation, operations, SHAPE } from './operations.ts';
import { openPoints } from './points.ts';
import { inBatches, type Row, type Step, stepsOf, trapOf } from './rows.ts';

/**
 * The step table: every operation that changes a sandbox × every step it takes × every process, killed -9 while the operation stands at that
 * step. Steps are found by watching the operation, so a new one is in the table from the day it is written. All rows of a round stand at their
 * steps when the process dies, so one death is many rows.
 */
const VICTIMS = ['postgres', 'runner', 'control-plane', 'launch helper', 'edge', 'name server', 'agent', 'supervisor'] as const;
type Victim = (typeof VICTIMS)[number];
/** Together in a round: none of them comes by a step where a trap for another stands without an id. */
const ROUNDS = [
  ['create', 'destroy'],
  ['fork', 'pause', 'resume', 'hibernate'],
  ['snapshot', 'restore'],
] as const;
const AT_ONCE = 12;
const ALL_HELD_WITHIN_MS = 30_000;
const AT_REST_WITHIN_MS = 60_000;
/** A process that lived takes its time to end what it began; only then do deadlines come. */
const UNDISTURBED_MS = 2000;

const points = openPoints();
const steps = new Map<string, Step[]>();
let broken: Broken;
let books: Books;
let baseline: ReturnType<typeof residue>;
let bystander: { readonly sandbox: Sandbox; readonly sha256: string; readonly process: string };
let survived = 0;

const remove = async (sandbox: Sandbox): Promise<void> => {
  for await (const { id } of sandbox.snapshots.list()) await sandbox.snapshots.delete(id);
  await sandbox.destroy();
};
const removeOthers = async (): Promise<void> => {
  const others = (await listed(broken.miosa)).filter(({ id }) => id !== bystander.sandbox.id);
  await inBatches(others, AT_ONCE, remove);
};

beforeAll(async () => {
  const policy = JSON.stringify({ hibernate_after_sec: 1800 });
  broken = await startBreakable({
    env: { ...points.env, MIOSA_CONTROL_PLANE_SANDBOX_POLICY: policy, MIOSA_CONTROL_PLANE_DB_CONNECTIONS: '40' },
  });
  const { miosa, platform } = broken;
  books = openBooks(platform.dataDir);
  const sandbox = await miosa.sandboxes.create({ ...SHAPE, name: 'bystander' });
  const bytes = randomBytes(2 ** 20);
  await sandbox.files.write('random.bin', bytes);
  const { id } = await sandbox.processes.start('while :; do sleep 1; done');
  bystander = { sandbox, sha256: createHash('sha256').update(bytes).digest('hex'), process: id };
  for (const operation of operations(books)) steps.set(operation.name, await stepsOf(operation, miosa, books, points));
  await removeOthers();
  await atRest();
  await sleep(1000);
  baseline = residue(platform.dataDir);
});
afterAll(async () => {
  cpSync(join(broken.platform.dataDir, 'logs'), '/tmp/faults-logs', { recursive: true }); // DEBUG
  points.release();
  await books?.close();
  await broken?.platform.stop();
  points.remove();
  const all = [...steps.values()].flat().length * VICTIMS.length;
  console.log(
    `fault steps: ${survived} of ${all}, ${[...steps].map(([name, of]) => `${name} ${of.length}`).join(', ')} × ${VICTIMS.length} processes`,
  );
});

const agentsOf = (ids: readonly string[]): number[] =>
  ids.flatMap((id) => {
    try {
      return [agentOf(broken.platform.dataDir, id)];
    } catch {
      return [];
    }
  });

/** Kills while every row stands at its step, lets the rows go, and waits for a successor. */
const strike = async (victim: Victim): Promise<void> => {
  const { platform } = broken;
  const runner = platform.pid('runner');
  if (victim === 'agent') {
    const ids = sandboxesOnHost(platform.dataDir).filter((id) => id !== bystander.sandbox.id);
    for (const agent of agentsOf(ids)) process.kill(agent, 'SIGKILL');
    points.release();
  } else if (victim === 'launch helper' || victim === 'name server') {
    const pid = victim === 'launch helper' ? helperOf(runner) : nameServerOf(runner);
    if (pid === undefined) throw new Error(`there is no ${victim}`);
    process.kill(pid, 'SIGKILL');
    points.release();
  } else if (victim === 'supervisor') {
    await platform.kill('supervisor');
    points.release();
    await platform.up();
  } else {
    const before = platform.pid(victim);
    await platform.kill(victim);
    points.release();
    await platform.restarted(victim, before);
  }
};

const rowsOf = async (names: readonly string[]): Promise<Row[]> => {
  const wanted = names.flatMap((name) => steps.get(name) ?? []);
  return inBatches([...wanted.entries()], AT_ONCE, async ([index, step]) => ({
    step,
    prepared: await step.operation.prepare?.(broken.miosa),
    name: `row-${index}`,
  }));
};

const run = ({ step, prepared, name }: Row): Promise<unknown> => step.operation.run(broken.miosa, prepared, name);

/** First those that may be caught by any trap of their operation, then those with a trap of their own. */
const startAll = async (rows: readonly Row[]): Promise<readonly Promise<unknown>[]> => {
  const anywhere = rows.filter(({ step }) => step.own === '');
  const own = rows.filter(({ step }) => step.own !== '');
  const calls: Promise<unknown>[] = [];
  let expected = 0;
  for (const group of [anywhere, own]) {
    for (const row of group) points.trap(trapOf(row), row.step.passing);
    calls.push(...group.map(run));
    for (const call of calls) call.catch(() => {}); // judged below, by what is there afterwards
    expected += group.length;
    await expect
      .poll(
        () =>
          rows
            .slice()
            .filter((row) => group.includes(row) && !points.held().includes(trapOf(row)))
            .map(trapOf),
        {
          timeout: ALL_HELD_WITHIN_MS,
          interval: 20,
        },
      )
      .toEqual([]);
  }
  expect(points.held().length).toBe(expected);
  return calls;
};

const atRest = async (): Promise<void> => {
  const started = Date.now();
  for (let left: string[] = ['']; left.length > 0; ) {
    if (Date.now() - started > AT_REST_WITHIN_MS) throw new Error(`not at rest: ${left.join(', ')}`);
    if (Date.now() - started > UNDISTURBED_MS) await books.letTimePass().catch(() => {});
    await sleep(100);
    left = await books.unsettled().catch((error: Error) => [error.message]);
  }
};

const expectLegal = async (row: Row, all: readonly Sandbox[]): Promise<void> => {
  const { operation } = row.step;
  const subjects = all.filter(({ id, name }) => id === row.prepared?.sandbox.id || name === row.name);
  const made = subjects.filter(({ name, state }) => name === row.name && state !== 'error');
  expect(made.length, `${operation.name} was carried out ${made.length} times`).toBeLessThanOrEqual(1);
  for (const sandbox of subjects) {
    const isSource = operation.name === 'fork' && sandbox.name !== row.name;
    const legal = sandbox.name === row.name ? ['running', 'error'] : isSource ? ['running'] : operation.ends;
    expect([
      operation.name,
      trapOf(row),
      sandbox.id,
      legal.includes(sandbox.state) ? 'legal' : `${sandbox.state} ${sandbox.stateReason}`,
    ]).toEqual([operation.name, trapOf(row), sandbox.id, 'legal']);
    if (sandbox.state === 'error') expect(sandbox.stateReason).toMatch(/\w/);
    if (sandbox.state !== 'running') continue;
    const isCopy = sandbox.name === row.name;
    const wanted = isCopy && row.prepared === undefined ? 'none' : (row.prepared?.sandbox.id ?? '');
    await expect
      .poll(
        async () =>
          (await sandbox.exec(`cat ${KEPT} 2>/dev/null || printf none`).catch((error: Error) => ({ stdout: error.message }))).stdout,
        {
          timeout: 40_000,
        },
      )
      .toBe(wanted);
  }
};

const expectUntouched = async (): Promise<void> => {
  const { sandbox, sha256, process } = bystander;
  expect((await sandbox.refresh()).state).toBe('running');
  expect((await sandbox.exec('sha256sum random.bin')).stdout).toBe(`${sha256}  random.bin\n`);
  expect((await sandbox.processes.get(process)).state).toBe('running');
};

const round = async (names: readonly string[], victim: Victim): Promise<void> => {
  const times: string[] = [];
  let last = Date.now();
  const lap = (what: string): void => {
    times.push(`${what} ${Date.now() - last}`);
    last = Date.now();
  };
  const rows = await rowsOf(names);
  lap('ready');
  const calls = await startAll(rows);
  lap('at their steps');
  await strike(victim);
  lap('killed and back');
  await atRest();
  lap('at rest');
  await Promise.allSettled(calls);
  await atRest();
  lap('calls answered');
  const all = await listed(broken.miosa);
  await inBatches(rows, AT_ONCE, (row) => expectLegal(row, all));
  await expectUntouched();
  lap('judged');
  await removeOthers();
  await atRest();
  lap('destroyed');
  await expect.poll(() => residue(broken.platform.dataDir), { timeout: 20_000, interval: 200 }).toEqual(baseline);
  lap('nothing left');
  survived += rows.length;
  console.log(`${names.join(', ')} × ${victim}: ${rows.length} rows; ms: ${times.join(', ')}`);
};

it('the steps of every operation are known', () => {
  const known = operations(books).map(({ name }: Operation) => [name, (steps.get(name) ?? []).length] as const);
  expect(known.filter(([, count]) => count < 4)).toEqual([]);
  expect(ROUNDS.flat().sort()).toEqual(known.map(([name]) => name).sort());
});

// Rounds outside, so that no process dies twice within moments: its supervisor would wait longer each time.
describe.each(ROUNDS.map((names) => ({ names })))('kill -9 at each step of $names', ({ names }) => {
  it.each(VICTIMS)('%s', async (victim) => {
    await round(names, victim);
  });
});
