import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miosa, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { note } from '../../harness/notes.ts';
import type { ProcessName } from '../../harness/platform.ts';
import { type Books, openBooks } from '../books.ts';
import { type Broken, listed, startBreakable } from '../fixture.ts';
import { agentOf, helperOf, nameServerOf, residue, sandboxesOnHost } from '../host.ts';
import { KEPT, type Operation, operations, SHAPE } from './operations.ts';
import { openPoints } from './points.ts';
import { inBatches, type Row, type Step, stepsOf, trapOf } from './rows.ts';
import { atRest, type Outcome, standAtSteps, strike } from './strike.ts';

/**
 * The step table: every operation that changes a sandbox × every step it takes × every process, killed -9 while the operation stands at that
 * step. Steps are found by watching the operation, so a new one is in the table from the day it is written. All rows of a round stand at their
 * steps when the process dies, so one death is many rows.
 */
const PROCESSES = ['postgres', 'runner', 'control-plane', 'launch helper', 'edge', 'name server', 'agent', 'supervisor'] as const;
type Victim = (typeof PROCESSES)[number];
/** Who dies in a round. Those that hold nothing of an operation die together. */
const DEATHS: readonly (readonly Victim[])[] = [
  ['postgres'],
  ['runner'],
  ['control-plane'],
  ['launch helper'],
  ['edge', 'name server', 'agent'],
  ['supervisor'],
];
/** Together in a round: none of them comes by a step where a trap for another stands without an id. */
const ROUNDS = [
  ['create', 'destroy'],
  ['fork', 'pause', 'resume', 'hibernate'],
  ['snapshot', 'restore'],
] as const;
const AT_ONCE = 12;
const ROUND_MS = 300_000;

const points = openPoints();
const steps = new Map<string, Step[]>();
let broken: Broken;
let customer: Miosa;
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
    env: { ...points.env, MIOSA_CONTROL_PLANE_SANDBOX_POLICY: policy, MIOSA_CONTROL_PLANE_DB_CONNECTIONS: '40', MIOSA_WARM_POOL: '0' },
  });
  const { miosa, platform } = broken;
  books = openBooks(platform.dataDir);
  customer = new Miosa({ apiKey: platform.apiKey, baseUrl: platform.apiUrl, ca: platform.ca });
  const sandbox = await miosa.sandboxes.create({ ...SHAPE, name: 'bystander' });
  const bytes = randomBytes(2 ** 20);
  await sandbox.files.write('random.bin', bytes);
  const { id } = await sandbox.processes.start('while :; do sleep 1; done');
  bystander = { sandbox, sha256: createHash('sha256').update(bytes).digest('hex'), process: id };
  for (const operation of operations(books)) steps.set(operation.name, await stepsOf(operation, miosa, books, points));
  await removeOthers();
  await atRest(books);
  await sleep(1000);
  baseline = residue(platform.dataDir);
});
afterAll(async () => {
  points.release();
  await books?.close();
  await broken?.platform.stop();
  points.remove();
  const all = [...steps.values()].flat().length * PROCESSES.length;
  const counts = [...steps].map(([name, of]) => `${name} ${of.length}`).join(', ');
  note(`fault steps: ${survived} of ${all} (${counts}; × ${PROCESSES.length} processes)`);
});

const agentsOf = (ids: readonly string[]): number[] =>
  ids.flatMap((id) => {
    try {
      return [agentOf(broken.platform.dataDir, id)];
    } catch {
      return [];
    }
  });

const smallVictims = (victim: Victim): readonly (number | undefined)[] => {
  const { platform } = broken;
  if (victim === 'launch helper') return [helperOf(platform.pid('runner'))];
  if (victim === 'name server') return [nameServerOf(platform.pid('runner'))];
  return agentsOf(sandboxesOnHost(platform.dataDir).filter((id) => id !== bystander.sandbox.id));
};

const isSmall = (victim: Victim): victim is Exclude<Victim, ProcessName> =>
  victim === 'launch helper' || victim === 'name server' || victim === 'agent';

const strikeAt = async (victims: readonly Victim[]): Promise<void> => {
  const small = victims.filter(isSmall).flatMap(smallVictims);
  const pids = small.filter((pid) => pid !== undefined);
  expect(pids.length).toBe(small.length);
  const named = victims.filter((victim) => !isSmall(victim));
  await strike(broken, points, named as readonly ProcessName[], pids);
};

const rowsOf = async (names: readonly string[]): Promise<Row[]> => {
  const wanted = names.flatMap((name) => steps.get(name) ?? []);
  return inBatches([...wanted.entries()], AT_ONCE, async ([index, step]) => ({
    step,
    prepared: await step.operation.prepare?.(broken.miosa),
    name: `row-${index}`,
  }));
};

/** As a customer's client comes: it repeats three times. */
const run = ({ step, prepared, name }: Row): Promise<unknown> => step.operation.run(customer, prepared, name);

const expectLegal = async (row: Row, outcome: Outcome | undefined, all: readonly Sandbox[]): Promise<void> => {
  const { operation } = row.step;
  const subjects = all.filter(({ id, name }) => id === row.prepared?.sandbox.id || name === row.name);
  const made = subjects.filter(({ name, state }) => name === row.name && state !== 'error');
  expect(made.length, `${operation.name} was carried out ${made.length} times`).toBeLessThanOrEqual(1);
  for (const sandbox of subjects) {
    const isSource = operation.name === 'fork' && sandbox.name !== row.name;
    const refused = outcome === 'refused' ? (operation.endsRefused ?? []) : [];
    const legal = sandbox.name === row.name ? ['running', 'error'] : isSource ? ['running'] : [...operation.ends, ...refused];
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
    const impatient = await broken.once.sandboxes.get(sandbox.id);
    const read = (): Promise<string> =>
      impatient.exec(`cat ${KEPT} 2>/dev/null || printf none`).then(
        ({ stdout }) => stdout,
        (error: Error) => error.message,
      );
    await expect.poll(read, { timeout: 40_000, interval: 200, message: `${trapOf(row)} ${sandbox.id}` }).toBe(wanted);
  }
};

const expectUntouched = async (): Promise<void> => {
  const { sandbox, sha256, process } = bystander;
  expect((await sandbox.refresh()).state).toBe('running');
  expect((await sandbox.exec('sha256sum random.bin')).stdout).toBe(`${sha256}  random.bin\n`);
  expect((await sandbox.processes.get(process)).state).toBe('running');
};

const round = async (names: readonly string[], victims: readonly Victim[], lap: (what: string) => void): Promise<number> => {
  const rows = await rowsOf(names);
  lap('ready');
  const calls = await standAtSteps(points, rows, {
    trapOf,
    passingOf: ({ step }) => step.passing,
    isOwn: ({ step }) => step.own !== '',
    run,
  });
  lap('at their steps');
  await strikeAt(victims);
  lap('killed and back');
  await atRest(books);
  lap('at rest');
  await Promise.all(calls.values());
  await atRest(books);
  lap('calls answered');
  const all = await listed(broken.miosa);
  await inBatches(rows, AT_ONCE, async (row) => expectLegal(row, await calls.get(row), all));
  await expectUntouched();
  lap('judged');
  await removeOthers();
  await atRest(books);
  lap('destroyed');
  await expect.poll(() => residue(broken.platform.dataDir), { timeout: 20_000, interval: 200 }).toEqual(baseline);
  lap('nothing left');
  return rows.length * victims.length;
};

/** One round, with what its parts took; after one that failed the next shall say something of its own. */
const timed = async (names: readonly string[], victims: readonly Victim[]): Promise<void> => {
  const times: string[] = [];
  let last = Date.now();
  const say = (what: string): void => console.log(`${names.join(', ')} × ${victims.join(', ')}: ${what}; ms: ${times.join(', ')}`);
  try {
    const rows = await round(names, victims, (what) => {
      times.push(`${what} ${Date.now() - last}`);
      last = Date.now();
    });
    survived += rows;
    say(`${rows} rows`);
  } catch (error) {
    say(`failed (${(error as Error).message})`);
    points.release();
    await atRest(books).then(removeOthers);
    throw error;
  }
};

it('the steps of every operation are known', () => {
  const known = operations(books).map(({ name }: Operation) => [name, (steps.get(name) ?? []).length] as const);
  expect(known.filter(([, count]) => count < 4)).toEqual([]);
  expect(ROUNDS.flat().sort()).toEqual(known.map(([name]) => name).sort());
});

// Rounds outside, so that no process dies twice within moments: its supervisor would wait longer each time.
describe.each(ROUNDS.map((names) => ({ names })))('kill -9 at each step of $names', ({ names }) => {
  it.each(DEATHS.map((victims) => ({ victims })))('$victims', { timeout: ROUND_MS }, async ({ victims }) => {
    await timed(names, victims);
  });
});
