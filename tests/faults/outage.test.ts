import { setTimeout as sleep } from 'node:timers/promises';
import { MiosaError, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEcho } from '../harness/apps.ts';
import { type Broken, settled, startBreakable } from './fixture.ts';
import { httpUrl, visitPlain } from './visit.ts';

let broken: Broken;
let sandbox: Sandbox;

beforeAll(async () => {
  broken = await startBreakable();
  sandbox = await broken.miosa.sandboxes.create();
  await startEcho(sandbox);
});
afterAll(async () => {
  await broken?.platform.stop();
});

const HANGS_AFTER_MS = 10_000;

type Outcome = 'done' | 'clean 5xx' | 'connection lost' | 'hung' | { readonly unexpected: unknown };

/** How a command ended for its caller: with its result, a refusal in the platform's own form, or not at all. */
const outcomeOf = async (call: Promise<{ stdout: string }>, expected: string): Promise<Outcome> => {
  const ended = call.then(
    ({ stdout }): Outcome => (stdout === expected ? 'done' : { unexpected: stdout }),
    (error: unknown): Outcome => {
      if (!(error instanceof MiosaError)) return { unexpected: error };
      if (error.code === 'CONNECTION_LOST') return 'connection lost';
      return [502, 503, 504].includes(error.status) && error.requestId !== null ? 'clean 5xx' : { unexpected: error };
    },
  );
  return Promise.race([ended, sleep(HANGS_AFTER_MS, 'hung' as const, { ref: false })]);
};

it('every exec answers or is refused cleanly while the database is killed again and again, and then all is well', async () => {
  const { platform, once, miosa } = broken;
  const stranger = await once.sandboxes.get(sandbox.id);
  const others = () => (['runner', 'control-plane', 'edge'] as const).map(platform.pid);
  const before = others();
  const outcomes: Promise<Outcome>[] = [];
  for (let round = 0; round < 4; round++) {
    const database = platform.pid('postgres');
    for (let call = 0; call < 20; call++) {
      outcomes.push(outcomeOf(stranger.exec(`echo ${round}-${call}`, { timeout: 5 }), `${round}-${call}\n`));
      if (call === 5) await platform.kill('postgres');
      await sleep(25);
    }
    await platform.restarted('postgres', database);
  }
  const seen = await Promise.all(outcomes);
  expect(seen.filter((outcome) => outcome !== 'done' && outcome !== 'clean 5xx')).toEqual([]);
  expect(seen).toContain('done');
  expect(seen).toContain('clean 5xx');
  expect((await (await miosa.sandboxes.get(sandbox.id)).exec('echo well')).stdout).toBe('well\n');
  await settled(broken);
  expect(others()).toEqual(before);
});

it('an exec under way while the runner is killed does not notice', async () => {
  const { platform } = broken;
  const runner = platform.pid('runner');
  const running = sandbox.exec('sleep 2; echo through');
  await sleep(300);
  await platform.kill('runner');
  expect((await running).stdout).toBe('through\n');
  await platform.restarted('runner', runner);
});

it('previews that the edge knows are served while control plane and database are down; what it cannot judge is refused', async () => {
  const { platform, miosa } = broken;
  const fresh = await miosa.sandboxes.create();
  await startEcho(fresh);
  const { token } = await sandbox.previewToken({ expiresIn: 600 });
  const { token: unseen } = await fresh.previewToken({ expiresIn: 600 });
  const known = httpUrl(platform, sandbox, 5173);
  const headers = { 'x-miosa-preview-token': token };
  expect((await visitPlain(known, headers)).status).toBe(200);

  // Stopped, the supervisor does not start again what is killed.
  process.kill(platform.pid('supervisor'), 'SIGSTOP');
  try {
    await platform.kill('control-plane');
    await platform.kill('postgres');
    for (let visit = 0; visit < 20; visit++) {
      const answer = await visitPlain(`${known}/visit/${visit}`, headers);
      expect([answer.status, JSON.parse(answer.body).url]).toEqual([200, `/visit/${visit}`]);
    }
    expect((await visitPlain(known, {})).status).toBe(401);
    const unknown = await visitPlain(httpUrl(platform, fresh, 5173), { 'x-miosa-preview-token': unseen });
    expect([unknown.status, JSON.parse(unknown.body).error.code]).toEqual([503, 'UNAVAILABLE']);
    const api = await visitPlain(`${platform.apiUrl.replace(/^https:\/\/([^:/]+).*/, 'http://$1')}:${platform.httpPort}/api/v1/sandboxes`, {
      authorization: `Bearer ${platform.apiKey}`,
    });
    expect([api.status, JSON.parse(api.body).error.code]).toEqual([503, 'UNAVAILABLE']);
  } finally {
    process.kill(platform.pid('supervisor'), 'SIGCONT');
  }
  await expect.poll(async () => (await miosa.sandboxes.get(fresh.id)).state, { timeout: 30_000 }).toBe('running');
  expect((await visitPlain(httpUrl(platform, fresh, 5173), { 'x-miosa-preview-token': unseen })).status).toBe(200);
  // It follows changes again: nothing stale stays.
  await fresh.destroy();
  await expect
    .poll(async () => (await visitPlain(httpUrl(platform, fresh, 5173), { 'x-miosa-preview-token': unseen })).status, { timeout: 10_000 })
    .toBe(410);
});
