import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broken, listed, settled, startBreakable } from './fixture.ts';
import { agentOf, sandboxesOnHost } from './host.ts';

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(async () => {
  await broken?.platform.stop();
});

/** Sends a request and hangs up after `ms`, whatever has come back by then. Resolves when the connection is gone. */
const hangUp = (
  ms: number,
  method: string,
  path: string,
  body: string | { readonly length: number; readonly sent: number },
): Promise<void> => {
  const { domain, httpPort, apiKey } = broken.platform;
  const isText = typeof body === 'string';
  const headers = {
    host: `api.${domain}:${httpPort}`,
    authorization: `Bearer ${apiKey}`,
    'content-type': isText ? 'application/json' : 'application/octet-stream',
    'content-length': String(isText ? Buffer.byteLength(body) : body.length),
  };
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port: httpPort, method, path: `/api/v1${path}`, headers, agent: false }, (answer) => {
      answer.on('error', () => {}).resume();
    });
    call.on('error', () => {}).once('close', () => resolve());
    if (isText) call.end(body);
    else call.write(Buffer.alloc(body.sent, 7));
    setTimeout(() => call.destroy(), ms);
  });
};

const megabytesOf = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const openFilesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

it.each([3, 25, 60])('a create whose caller hangs up after %i ms ends as a whole sandbox or as none', async (ms) => {
  const { platform, miosa } = broken;
  await Promise.all(Array.from({ length: 6 }, () => hangUp(ms, 'POST', '/sandboxes', '{"name":"abandoned"}')));
  await settled(broken);
  const sandboxes = await listed(miosa);
  for (const sandbox of sandboxes) {
    // What was sent before the hang-up may be carried out a moment later.
    await expect.poll(async () => (await miosa.sandboxes.get(sandbox.id)).state, { timeout: 30_000 }).toBe('running');
    expect((await sandbox.exec('echo whole')).stdout).toBe('whole\n');
  }
  // A create that was still on its way when the list was taken shows up in a later one.
  const left = async (): Promise<readonly string[]> => {
    await Promise.all((await listed(miosa)).map((sandbox) => sandbox.destroy()));
    return sandboxesOnHost(platform.dataDir);
  };
  await expect.poll(left, { timeout: 60_000 }).toEqual([]);
});

const filesIn = async (sandbox: Sandbox): Promise<string> => (await sandbox.exec('find /workspace /tmp -mindepth 1 | sort')).stdout;

it('an upload whose caller hangs up half-way leaves the file as it was and nothing beside it', async () => {
  const sandbox = await broken.miosa.sandboxes.create();
  await sandbox.files.write('kept.bin', 'kept');
  const before = await filesIn(sandbox);
  for (const file of ['kept.bin', 'new.bin'])
    await hangUp(300, 'PUT', `/sandboxes/${sandbox.id}/files/content?path=${file}`, { length: 64 * 2 ** 20, sent: 8 * 2 ** 20 });
  await hangUp(300, 'PUT', `/sandboxes/${sandbox.id}/files/archive?path=.`, { length: 64 * 2 ** 20, sent: 8 * 2 ** 20 });
  await expect.poll(() => filesIn(sandbox), { timeout: 10_000 }).toBe(before);
  expect(await sandbox.files.readText('kept.bin')).toBe('kept');
  await sandbox.destroy();
});

it('streams whose callers hang up cost the agent neither memory nor connections, and the commands go on to their end', async () => {
  const { platform, miosa } = broken;
  const sandbox = await miosa.sandboxes.create();
  const agent = agentOf(platform.dataDir, sandbox.id);
  await sandbox.exec('true');
  const files = openFilesOf(agent);
  const flood = JSON.stringify({ command: 'head -c 40000000 /dev/zero | base64; echo $$ >> ended', timeout: 60 });
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 4 }, () => hangUp(100, 'POST', `/sandboxes/${sandbox.id}/exec/stream`, flood)));
  const floods = async (): Promise<{ running: number; exited: number }> => {
    const states: string[] = [];
    for await (const { command, state } of sandbox.processes.list()) if (String(command).includes('base64')) states.push(state);
    return { running: states.filter((state) => state === 'running').length, exited: states.filter((state) => state === 'exited').length };
  };
  await expect.poll(async () => (await floods()).running, { timeout: 60_000, interval: 500 }).toBe(0);
  const { exited } = await floods();
  expect(exited).toBeGreaterThan(0);
  expect((await sandbox.exec('wc -l < ended')).stdout).toBe(`${exited}\n`);
  expect(megabytesOf(agent)).toBeLessThan(80);
  // The exec that asks and a kept connection or two are all.
  await expect.poll(() => openFilesOf(agent), { timeout: 30_000 }).toBeLessThanOrEqual(files + 4);
  await sandbox.destroy();
});

it('readers of a large download who hang up leave control plane and edge as small as they were', async () => {
  const { platform, miosa } = broken;
  const sandbox = await miosa.sandboxes.create();
  await sandbox.exec('head -c 200000000 /dev/zero > large.bin');
  const processes = (['control-plane', 'edge'] as const).map(platform.pid);
  const before = processes.map(openFilesOf);
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 4 }, () => hangUp(50, 'GET', `/sandboxes/${sandbox.id}/files/content?path=large.bin`, '')));
    await sleep(50);
  }
  await expect
    .poll(() => processes.map((pid, index) => openFilesOf(pid) - (before[index] ?? 0)), { timeout: 40_000, interval: 500 })
    .toSatisfy((more: number[]) => more.every((count) => count <= 6));
  await sandbox.destroy();
});
