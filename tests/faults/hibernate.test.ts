import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening } from '../harness/apps.ts';
import { type Broken, startBreakable } from './fixture.ts';
import { httpUrl, visitPlain } from './visit.ts';

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable({ env: { MIOSA_CONTROL_PLANE_SANDBOX_POLICY: JSON.stringify({ hibernate_after_sec: 1 }) } });
});
afterAll(() => broken?.platform.stop());

const WAIT = { timeout: 30_000 };
const PORT = 5173;
const SERVE = `exec python3 -m http.server ${PORT} --bind 127.0.0.1`;

/** Serves its workspace on the preview port by its start command; what it counts in memory and on disk tells one life from the next. */
const serving = async () => {
  const sandbox = await broken.miosa.sandboxes.create({ startCommand: `echo boot >> /workspace/boots.txt; ${SERVE}` });
  const service = 'echo served >> /workspace/services.txt; exec sleep 5000';
  await sandbox.processes.start(service, { name: 'web', autostart: true, restart: 'always' });
  await sandbox.processes.start('exec sleep 4000', { name: 'plain' });
  await sandbox.files.write('index.html', 'hello');
  await listening(sandbox, PORT);
  await sandbox.expose(PORT);
  return { sandbox, page: () => visitPlain(`${httpUrl(broken.platform, sandbox, PORT)}/index.html`, {}) };
};
type Serving = Awaited<ReturnType<typeof serving>>['sandbox'];

const hibernated = (sandbox: Serving) => expect.poll(async () => (await sandbox.refresh()).resumeKeeps, WAIT).toBe('files');
const runs = async (sandbox: Serving) =>
  (await sandbox.processes.list().all())
    .filter(({ state }) => state === 'running')
    .map(({ name }) => name)
    .sort();

it('a paused sandbox gives its memory back after the operator’s time, says so, and a command brings it back with its files and services', async () => {
  const { sandbox } = await serving();
  const paused = await sandbox.pause();
  expect(paused).toMatchObject({ state: 'paused', stateReason: 'user', resumeKeeps: 'memory' });
  await hibernated(sandbox);
  expect(await sandbox.refresh()).toMatchObject({
    id: sandbox.id,
    slug: sandbox.slug,
    state: 'paused',
    stateReason: 'user',
    pausedAt: paused.pausedAt,
  });
  expect((await sandbox.exec('cat index.html')).stdout).toBe('hello');
  expect(await sandbox.refresh()).toMatchObject({ state: 'running', ready: true, resumeKeeps: 'memory' });
  await expect.poll(() => runs(sandbox), WAIT).toEqual(['start', 'web']); // what was not marked ended with the memory
  expect((await sandbox.exec('cat boots.txt services.txt')).stdout).toBe('boot\nboot\nserved\nserved\n');
  const plain = (await sandbox.processes.list().all()).find(({ name }) => name === 'plain');
  expect(plain).toMatchObject({ state: 'exited', exitCode: null, stateReason: 'machine_stopped' });
  await sandbox.destroy();
});

it('a visitor of its preview is held until its start command serves again, and many visitors cause one start', async () => {
  const { sandbox, page } = await serving();
  await sandbox.pause();
  await hibernated(sandbox);
  const answers = await Promise.all(Array.from({ length: 10 }, page));
  expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(10).fill([200, 'hello']));
  expect((await sandbox.exec('cat boots.txt')).stdout).toBe('boot\nboot\n');
  await sandbox.destroy();
});

it('one that only was paused for a moment wakes with its memory, by a command and by a visitor', async () => {
  const { sandbox, page } = await serving();
  for (const wake of [() => sandbox.exec('true'), page]) {
    await sandbox.pause();
    await wake();
    expect(await runs(sandbox)).toEqual(['plain', 'start', 'web']);
  }
  expect((await sandbox.exec('cat boots.txt')).stdout).toBe('boot\n');
  await sandbox.destroy();
});
