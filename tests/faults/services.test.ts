import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broken, startBreakable } from './fixture.ts';

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(() => broken?.platform.stop());

const WAIT = { timeout: 30_000 };
/** What was written last may take a tenth of a second to the disk. */
const TO_DISK_MS = 500;

it('over pause and resume processes go on; over a stop of the host their records and output stay and services run again', async () => {
  const { miosa, platform } = broken;
  const sandbox = await miosa.sandboxes.create({ startCommand: 'echo start $GREETING; exec sleep 5000', env: { GREETING: 'hello' } });
  const { processes } = sandbox;
  const output = async (id: string): Promise<string> => (await processes.logs(id)).stdout;
  const done = await processes.start('echo finished; exit 6');
  const lost = await processes.start('echo interrupted; sleep 5000');
  const web = await processes.start('echo web $GREETING; exec sleep 5000', { name: 'web', autostart: true, restart: 'always' });
  await expect.poll(async () => (await processes.get(done.id)).exitCode, WAIT).toBe(6);
  await expect.poll(() => output(web.id), WAIT).toBe('web hello\n');

  await sandbox.pause();
  await sandbox.resume();
  expect(await processes.get(lost.id)).toMatchObject({ state: 'running', pid: lost.pid });
  expect((await processes.list().all()).length).toBe(4);

  await sleep(TO_DISK_MS);
  await platform.down();
  await platform.up();
  await expect.poll(async () => (await miosa.sandboxes.get(sandbox.id)).state, WAIT).toBe('paused');
  await sandbox.resume();
  expect(await processes.get(done.id)).toMatchObject({ state: 'exited', exitCode: 6, stateReason: null });
  expect(await output(done.id)).toBe('finished\n');
  expect(await processes.get(lost.id)).toMatchObject({ state: 'exited', exitCode: null, stateReason: 'machine_stopped' });
  expect(await output(lost.id)).toBe('interrupted\n');
  await expect.poll(() => processes.get(web.id), WAIT).toMatchObject({ state: 'running', autostart: true, name: 'web' });
  await expect.poll(() => output(web.id), WAIT).toBe('web hello\nweb hello\n');
  const start = (await processes.list().all()).filter(({ name }) => name === 'start');
  expect(start).toMatchObject([{ state: 'running', restart: 'on_failure', autostart: true }]);
  await expect.poll(() => output(start[0]?.id ?? ''), WAIT).toBe('start hello\nstart hello\n');
  await sandbox.destroy();
});

it('a watch of a sandbox that is paused under it says so, and wakes nothing', async () => {
  const sandbox = await broken.miosa.sandboxes.create();
  const watch = sandbox.files.watch();
  await watch.ready;
  const told = expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'SANDBOX_NOT_RUNNING' });
  await sandbox.pause();
  await told;
  expect((await sandbox.refresh()).state).toBe('paused');
  await sandbox.destroy();
});
