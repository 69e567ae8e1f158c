import { setTimeout as sleep } from 'node:timers/promises';
import { Miosa, MiosaError, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEcho } from '../harness/apps.ts';
import { note } from '../harness/notes.ts';
import { type Books, openBooks } from './books.ts';
import { type Broken, listed, settled, startBreakable } from './fixture.ts';
import { httpUrl, visitPlain } from './visit.ts';

const OUTAGE_MS = 30_000;

let broken: Broken;
let books: Books;
beforeAll(async () => {
  broken = await startBreakable();
  books = openBooks(broken.platform.dataDir);
});
afterAll(async () => {
  await books?.close();
  await broken?.platform.stop();
});

interface Load {
  readonly answered: number;
  readonly refused: number;
  readonly wrong: readonly unknown[];
}

/** One worker that goes on until it is told to stop: every answer is right, or a refusal that says when to come back. */
const execLoad = async (sandbox: Sandbox, isOver: () => boolean): Promise<Load> => {
  let [answered, refused] = [0, 0];
  const wrong: unknown[] = [];
  for (let count = 0; !isOver(); count++) {
    try {
      const { stdout } = await sandbox.exec(`echo ${count}`, { timeout: 20 });
      if (stdout === `${count}\n`) answered += 1;
      else wrong.push(stdout);
    } catch (error) {
      const isClean = error instanceof MiosaError && error.status === 503 && error.retryAfterMs !== undefined;
      if (isClean) refused += 1;
      else wrong.push(error);
      await sleep(100);
    }
  }
  return { answered, refused, wrong };
};

it('thirty seconds without the database under load: clean refusals, no sandbox lost or made twice, what runs goes on', {
  timeout: 240_000,
}, async () => {
  const { platform, miosa, once } = broken;
  const sandboxes = await Promise.all(Array.from({ length: 4 }, () => miosa.sandboxes.create({ size: 'xs' })));
  const [shown] = sandboxes;
  if (shown === undefined) throw new Error('no sandbox');
  await startEcho(shown);
  const { token } = await shown.previewToken({ expiresIn: 600 });
  const visit = async () => (await visitPlain(httpUrl(platform, shown, 5173), { 'x-miosa-preview-token': token })).status;
  expect(await visit()).toBe(200);
  const background = await shown.processes.start('sleep 25; echo lived; exit 6');
  const underWay = shown.exec('sleep 20; echo through; exit 3', { timeout: 60 });

  let over = false;
  const load = await Promise.all(sandboxes.map(async ({ id }) => once.sandboxes.get(id))).then((impatient) =>
    impatient.map((sandbox) => execLoad(sandbox, () => over)),
  );
  // Creates of a customer who wants them made: the SDK repeats each under one idempotency key, a second apart as the answers say.
  const patient = new Miosa({ apiKey: platform.apiKey, baseUrl: platform.apiUrl, ca: platform.ca, maxRetries: 60 });
  const creates = Array.from({ length: 8 }, async (_, index) => {
    await sleep(index * 1000);
    return patient.sandboxes.create({ size: 'xs', name: `outage-${index}` });
  });
  for (const create of creates) create.catch(() => {}); // judged below
  await sleep(1500);
  const before = platform.pid('postgres');
  const others = (['runner', 'control-plane', 'edge'] as const).map(platform.pid);
  process.kill(platform.pid('supervisor'), 'SIGSTOP'); // stopped, it starts nothing again
  const visits: number[] = [];
  try {
    await platform.kill('postgres');
    for (const until = Date.now() + OUTAGE_MS; Date.now() < until; await sleep(1000)) visits.push(await visit());
  } finally {
    process.kill(platform.pid('supervisor'), 'SIGCONT');
  }
  const back = Date.now();
  await platform.restarted('postgres', before);
  const made = await Promise.all(creates);
  const healed = Date.now() - back;
  await sleep(1000);
  over = true;
  const outcomes = await Promise.all(load);

  expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(new Set(visits)).toEqual(new Set([200]));
  expect(await underWay).toMatchObject({ stdout: 'through\n', exitCode: 3 });
  await expect.poll(async () => (await shown.processes.get(background.id)).exitCode, { timeout: 20_000 }).toBe(6);
  await settled(broken);
  const living = (await listed(miosa)).filter(({ state }) => state !== 'error');
  expect(living.map(({ id }) => id).sort()).toEqual([...sandboxes, ...made].map(({ id }) => id).sort());
  for (const sandbox of living) expect((await sandbox.exec('echo well')).stdout).toBe('well\n');
  expect((['runner', 'control-plane', 'edge'] as const).map(platform.pid)).toEqual(others);
  await expect.poll(() => books.unsettled(), { timeout: 20_000 }).toEqual([]);
  const sum = (of: (load: Load) => number): number => outcomes.reduce((total, one) => total + of(one), 0);
  note(
    `database gone for ${OUTAGE_MS / 1000} s: ${sum(({ answered }) => answered)} execs answered, ${sum(({ refused }) => refused)} refused with 503, ${visits.length} previews served, ${made.length} creates made once, well ${(healed / 1000).toFixed(1)} s after its return`,
  );
  for (const sandbox of living) await sandbox.destroy();
});
