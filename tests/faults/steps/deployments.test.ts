import { setTimeout as sleep } from 'node:timers/promises';
import { type Deployment, Miosa } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { note } from '../../harness/notes.ts';
import type { ProcessName } from '../../harness/platform.ts';
import { type Books, openBooks } from '../books.ts';
import { type Broken, startBreakable } from '../fixture.ts';
import { residue } from '../host.ts';
import { seeOf, startVisitor, type Visitor } from '../published.ts';
import { DEPLOYMENT_OPERATIONS, type DeploymentOperation, page, publishAgain, type Ready } from './deployment-operations.ts';
import { openPoints } from './points.ts';
import { inBatches } from './rows.ts';
import { atRest, type Outcome, standAtSteps, strike } from './strike.ts';

/**
 * The step table of deployments: every operation that changes what visitors get × every step it takes × every process, killed -9 while the operation
 * stands at that step. What was live is served throughout; afterwards exactly one version is, the call said the truth, and nothing is left.
 * Steps are found by watching, as in `steps.test.ts`.
 */
/** Who dies in a round. Those that hold nothing of an operation die together. */
const DEATHS: readonly (readonly ProcessName[])[] = [['postgres'], ['control-plane'], ['runner', 'edge'], ['supervisor']];
/** No visitor is answered while they are away. */
const ANSWER = new Set<ProcessName>(['edge', 'supervisor']);
const AT_ONCE = 4;
const ROUND_MS = 300_000;
const SHOWN_WITHIN_MS = 40_000;
const VISIT_EVERY_MS = 50;
/** What reconcilers do all the time. */
const IS_BACKGROUND = /^tx\.(?!deployments)|^tx\.(sandboxes|snapshots)\.(timers|counters|bulk|expire)/;

interface Step {
  readonly operation: DeploymentOperation;
  readonly trap: string;
}
interface Row extends Step {
  readonly ready: Ready;
  readonly visitor: Visitor;
}

const points = openPoints();
const steps = new Map<string, Step[]>();
let broken: Broken;
let customer: Miosa;
let books: Books;
let baseline: ReturnType<typeof residue>;
let survived = 0;

/** Nothing published, or nothing there any more. */
const NOTHING = /^(404|410|502|503) /;
/** Waits until visitors get it; undefined: nothing. */
const isNow = async (deployment: Deployment, wanted: string | undefined): Promise<void> => {
  for (const until = Date.now() + SHOWN_WITHIN_MS; ; ) {
    const { status, body } = await seeOf(broken.platform, deployment);
    const seen = status === 200 ? body : `${status} `;
    if (wanted === undefined ? NOTHING.test(seen) : seen === wanted) return;
    if (Date.now() > until) throw new Error(`visitors get ${seen} instead of ${wanted}`);
    await sleep(100);
  }
};

const stepsOf = async (operation: DeploymentOperation): Promise<Step[]> => {
  const ready = await operation.prepare(broken.miosa, `traced ${operation.name}`);
  await atRest(books);
  const seen = await points.traced(async () => {
    await operation.run(broken.miosa, ready);
    await isNow(ready.deployment, ready.after);
    await atRest(books);
  });
  const traps = seen
    .filter(({ step }) => !IS_BACKGROUND.test(step))
    .map(({ step, id }) => (id === '' ? step : `${step}@${id.split('_')[0]}`));
  return [...new Set(traps)].map((trap) => ({ operation, trap }));
};

/** Without the files of releases, which stay for their retention. */
const residueNow = async (): Promise<ReturnType<typeof residue>> => {
  const kept = await books.releases();
  const isKept = (name: string): boolean => kept.some((id) => name.includes(id));
  return Object.fromEntries(
    Object.entries(residue(broken.platform.dataDir)).map(([kind, names]) => [kind, names.filter((name) => !isKept(name))]),
  );
};

const removeAll = async (): Promise<void> => {
  for await (const { id } of broken.miosa.deployments.list()) await broken.miosa.deployments.delete(id);
  await atRest(books);
};

beforeAll(async () => {
  const policy = JSON.stringify({ drain_sec: 1, publishes_at_once: 64 });
  broken = await startBreakable({
    env: { ...points.env, MIOSA_CONTROL_PLANE_DEPLOYMENTS: policy, MIOSA_CONTROL_PLANE_DB_CONNECTIONS: '40', MIOSA_WARM_POOL: '0' },
  });
  const { platform } = broken;
  books = openBooks(platform.dataDir);
  customer = new Miosa({ apiKey: platform.apiKey, baseUrl: platform.apiUrl, ca: platform.ca });
  for (const operation of DEPLOYMENT_OPERATIONS) steps.set(operation.name, await stepsOf(operation));
  await removeAll();
  await sleep(1000);
  baseline = await residueNow();
}, 240_000);
afterAll(async () => {
  points.release();
  await books?.close();
  await broken?.platform.stop();
  points.remove();
  const all = [...steps.values()].flat().length * DEATHS.flat().length;
  const counts = [...steps].map(([name, of]) => `${name} ${of.length}`).join(', ');
  note(`deployment fault steps: ${survived} of ${all} (${counts}; × ${DEATHS.flat().length} processes)`);
});

const isMissing = (error: unknown): undefined => {
  const { status } = error as { status?: number };
  if (status !== 404 && status !== 410) throw error;
  return undefined;
};

/** Only whole versions were seen, and afterwards it is the one that the deployment names. */
const judge = async (
  { operation, trap, ready, visitor }: Row,
  outcome: Outcome | undefined,
  victims: readonly ProcessName[],
): Promise<void> => {
  const { deployment, before, after } = ready;
  const found = await broken.miosa.deployments.get(deployment.id).catch(isMissing);
  const isCarriedOut = operation.name === 'delete' ? found === undefined : found?.activeVersionId !== ready.deployment.activeVersionId;
  const wanted = isCarriedOut ? after : before;
  await isNow(deployment, wanted).catch((error: Error) => Promise.reject(new Error(`${operation.name}, ${trap}: ${error.message}`)));
  const excused = victims.some((victim) => ANSWER.has(victim)) ? /^no answer/ : /^$/;
  const legal = (text: string): boolean =>
    excused.test(text) || [before, after].some((one) => (one === undefined ? NOTHING.test(text) : one === text));
  expect([operation.name, trap, (await visitor.stop()).filter((text) => !legal(text))]).toEqual([operation.name, trap, []]);
  if (outcome === 'done') expect([operation.name, trap, isCarriedOut]).toEqual([operation.name, trap, true]);
  if (found === undefined) return;
  const [newest] = await broken.miosa.deployments.versions.list(deployment.id).all();
  // None: it was refused before there was one.
  if (newest !== undefined)
    expect([operation.name, trap, newest.state]).toEqual([operation.name, trap, expect.stringMatching(/^(ready|failed)$/)]);
  if (newest?.state === 'failed') expect(newest.stateReason).toMatch(/\w/);
  await publishAgain(broken.miosa, deployment);
  await isNow(deployment, page('again'));
};

const round = async (name: string, victims: readonly ProcessName[], lap: (what: string) => void): Promise<number> => {
  const { miosa, platform } = broken;
  const rows = await inBatches([...(steps.get(name) ?? []).entries()], AT_ONCE, async ([index, step]): Promise<Row> => {
    const made = await step.operation.prepare(miosa, `${name} ${victims[0]} ${index}`);
    const deployment = await miosa.deployments.get(made.deployment.id);
    const ready = { ...made, deployment };
    await isNow(deployment, ready.before);
    return { ...step, ready, visitor: startVisitor(platform, deployment, VISIT_EVERY_MS) };
  });
  await atRest(books);
  lap('ready');
  let caught = 0;
  try {
    const calls = await standAtSteps(points, rows, {
      trapOf: ({ trap }) => trap,
      passingOf: () => 0,
      isOwn: () => false,
      run: ({ operation, ready }) => operation.run(customer, ready),
      // One pass looks after all deployments: who stands in it may hold up others.
      atLeast: 0.6,
    });
    caught = points.held().length;
    lap('at their steps');
    await strike(broken, points, victims, []);
    lap('killed and back');
    await atRest(books);
    await Promise.all(calls.values());
    await atRest(books);
    lap('at rest');
    await inBatches(rows, AT_ONCE, async (row) => judge(row, await calls.get(row), victims));
    lap('judged');
  } finally {
    points.release();
    await Promise.all(rows.map(({ visitor }) => visitor.stop()));
  }
  await removeAll();
  await expect.poll(residueNow, { timeout: 20_000, interval: 200 }).toEqual(baseline);
  lap('nothing left');
  return caught * victims.length;
};

it('the steps of every operation are known', () => {
  expect(DEPLOYMENT_OPERATIONS.map(({ name }) => [name, (steps.get(name) ?? []).length]).filter(([, count]) => Number(count) < 4)).toEqual(
    [],
  );
});

describe.each(DEPLOYMENT_OPERATIONS.map(({ name }) => ({ name })))('kill -9 at each step of $name', ({ name }) => {
  it.each(DEATHS.map((victims) => ({ victims })))('$victims', { timeout: ROUND_MS }, async ({ victims }) => {
    const times: string[] = [];
    let last = Date.now();
    const say = (what: string): void => console.log(`${name} × ${victims.join(', ')}: ${what}; ms: ${times.join(', ')}`);
    try {
      const rows = await round(name, victims, (what) => {
        times.push(`${what} ${Date.now() - last}`);
        last = Date.now();
      });
      survived += rows;
      say(`${rows} rows`);
    } catch (error) {
      say(`failed (${(error as Error).message})`);
      await removeAll();
      throw error;
    }
  });
});
