import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiosaError } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listening, startEcho } from '../harness/apps.ts';
import { type Broken, createSurvivor, expectSurvived, settled, startBreakable } from './fixture.ts';
import { agentOf, processesOf, sandboxesOnHost } from './host.ts';
import { httpUrl, visitPlain } from './visit.ts';

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable({ env: { MIOSA_EDGE_FIRST_BYTE_SECONDS: '2' } });
});
afterAll(async () => {
  await broken?.platform.stop();
});

const faultOf = async (call: Promise<unknown>): Promise<{ status: number; code: string } | null> =>
  call.then(
    () => null,
    (error: unknown) => {
      if (!(error instanceof MiosaError)) throw error;
      return { status: error.status, code: error.code };
    },
  );

it('a sandbox whose agent is killed comes back from its files, runs its start command again, and its neighbour notices nothing', async () => {
  const { platform, miosa, once } = broken;
  const neighbour = await createSurvivor(miosa);
  const sandbox = await miosa.sandboxes.create({ startCommand: 'sleep 1000' });
  await sandbox.files.write('kept.txt', 'kept');
  const agent = agentOf(platform.dataDir, sandbox.id);
  const running = once.sandboxes.exec(sandbox.id, 'sleep 20', { timeout: 30 });
  await expect.poll(() => processesOf(platform.dataDir, sandbox.id).length).toBeGreaterThan(2);
  process.kill(agent, 'SIGKILL');
  expect((await faultOf(running))?.status).toBeOneOf([409, 502]);
  // Right after it: an answer or a clean refusal.
  expect((await faultOf(once.sandboxes.exec(sandbox.id, 'true', { timeout: 5 })))?.status ?? 200).toBeOneOf([200, 409, 502, 503]);
  await expect
    .poll(async () => (await faultOf(once.sandboxes.exec(sandbox.id, 'true', { timeout: 5 }))) === null, { timeout: 60_000 })
    .toBe(true);
  expect(await sandbox.files.readText('kept.txt')).toBe('kept');
  expect(await miosa.sandboxes.get(sandbox.id)).toMatchObject({ state: 'running', stateReason: null });
  expect(agentOf(platform.dataDir, sandbox.id)).not.toBe(agent);
  const names = [];
  for await (const { name } of sandbox.processes.list()) names.push(name);
  expect(names).toContain('start');
  await expectSurvived(miosa, neighbour);
  await sandbox.destroy();
  await neighbour.sandbox.destroy();
  await settled(broken);
});

it('a sandbox can be destroyed right after its agent was killed, and leaves nothing', async () => {
  const { platform, miosa } = broken;
  const sandbox = await miosa.sandboxes.create();
  process.kill(agentOf(platform.dataDir, sandbox.id), 'SIGKILL');
  await sandbox.destroy();
  expect(await miosa.sandboxes.get(sandbox.id)).toMatchObject({ state: 'destroyed', endedReason: 'user' });
  await settled(broken);
  expect(sandboxesOnHost(platform.dataDir)).not.toContain(sandbox.id);
});

it('a sandbox that cannot come back is an error with its reason, and can be destroyed', async () => {
  const { platform, miosa } = broken;
  const sandbox = await miosa.sandboxes.create();
  const volume = join(platform.dataDir, 'runner/disk', sandbox.id);
  renameSync(join(volume, 'upper'), join(volume, 'broken'));
  writeFileSync(join(volume, 'upper'), '');
  process.kill(agentOf(platform.dataDir, sandbox.id), 'SIGKILL');
  await expect.poll(async () => (await miosa.sandboxes.get(sandbox.id)).state, { timeout: 100_000, interval: 500 }).toBe('error');
  expect((await miosa.sandboxes.get(sandbox.id)).stateReason).toMatch(/\w+/);
  expect(await faultOf(miosa.sandboxes.exec(sandbox.id, 'true'))).toEqual({ status: 409, code: 'SANDBOX_NOT_RUNNING' });
  await sandbox.destroy();
  await settled(broken);
  expect(sandboxesOnHost(platform.dataDir)).not.toContain(sandbox.id);
});

const SILENT = `require('node:net').createServer(() => {}).listen(9000, '127.0.0.1')`;

it('an app that accepts and never answers costs its visitors a 504 and nobody else anything', async () => {
  const { platform, miosa } = broken;
  const sandbox = await miosa.sandboxes.create();
  const neighbour = await miosa.sandboxes.create();
  await Promise.all([startEcho(sandbox), startEcho(neighbour)]);
  await sandbox.processes.start(['node', '-e', SILENT]);
  await listening(sandbox, 9000);
  const { token } = await sandbox.previewToken({ port: 9000 });
  const waiting = Array.from({ length: 40 }, () =>
    visitPlain(httpUrl(platform, sandbox, 9000), { 'x-miosa-preview-token': token, accept: 'application/json' }),
  );
  const meanwhile = await Promise.all(
    [sandbox, neighbour].map(async (other) => {
      const { token } = await other.previewToken();
      return (await visitPlain(httpUrl(platform, other, 5173), { 'x-miosa-preview-token': token })).status;
    }),
  );
  expect(meanwhile).toEqual([200, 200]);
  for (const answer of await Promise.all(waiting)) {
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body).error.code).toBe('TIMEOUT');
  }
  // Neither the app's nor the edge's connections stay behind.
  await expect
    .poll(async () => (await sandbox.exec("grep -c ':2328 .* 01 ' /proc/net/tcp || true")).stdout, { timeout: 10_000 })
    .toBe('0\n');
  await Promise.all([sandbox.destroy(), neighbour.destroy()]);
});

it('a full disk refuses writes in its own sandbox only, says so, and is well again when something is deleted', async () => {
  const { miosa } = broken;
  const full = await miosa.sandboxes.create({ size: 'xs' });
  const neighbour = await miosa.sandboxes.create({ size: 'xs' });
  await full.files.write('before.txt', 'before');
  const filled = await full.exec(
    'for size in 4G 4G 1G 512M 128M 32M 8M 2M; do while fallocate -l $size fill.$((n=n+1)); do :; done; done; echo filled',
    {
      timeout: 120,
    },
  );
  expect(filled.stdout).toBe('filled\n');
  expect(await faultOf(full.files.write('more.bin', new Uint8Array(4 * 2 ** 20)))).toEqual({ status: 507, code: 'STORAGE_FULL' });
  expect((await full.exec('cat before.txt; ls -A | grep -c miosa')).stdout).toBe('before0\n');
  await neighbour.files.write('free.bin', new Uint8Array(4 * 2 ** 20));
  expect((await neighbour.exec('wc -c < free.bin')).stdout).toBe(`${4 * 2 ** 20}\n`);
  await full.exec('rm -f fill.*');
  await full.files.write('more.bin', new Uint8Array(4 * 2 ** 20));
  await Promise.all([full.destroy(), neighbour.destroy()]);
});

it('a process that takes all memory is killed, says so, and neither its sandbox nor a neighbour is', async () => {
  const { platform, miosa } = broken;
  const neighbour = await createSurvivor(miosa);
  const sandbox = await miosa.sandboxes.create({ size: 'xs', startCommand: 'sleep 5000' });
  const agent = agentOf(platform.dataDir, sandbox.id);
  const hungry = await sandbox.processes.start(['tail', '/dev/zero']);
  await expect
    .poll(() => sandbox.processes.get(hungry.id), { timeout: 60_000 })
    .toMatchObject({ state: 'exited', signal: 'KILL', exitCode: 137 });
  expect(await sandbox.exec(['tail', '/dev/zero'], { timeout: 60 })).toMatchObject({ signal: 'KILL', exitCode: 137, timedOut: false });
  expect(agentOf(platform.dataDir, sandbox.id)).toBe(agent);
  const start = (await sandbox.processes.list().all()).filter(({ name }) => name === 'start');
  expect(start).toMatchObject([{ state: 'running' }]);
  expect((await sandbox.exec('echo well')).stdout).toBe('well\n');
  await expectSurvived(miosa, neighbour);
  await Promise.all([sandbox.destroy(), neighbour.sandbox.destroy()]);
  await settled(broken);
});
