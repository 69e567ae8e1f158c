import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { request } from '../harness/request.ts';

const GIB = 1024 ** 3;
const miosa = client();
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await miosa.sandboxes.create();
});
afterAll(async () => {
  await sandbox?.destroy();
});

const tagOf = async (path: string): Promise<string> => {
  const { apiUrl, apiKey } = platform();
  const url = `${apiUrl}/api/v1/sandboxes/${sandbox.id}/files/content?path=${encodeURIComponent(path)}`;
  const answer = await request(url, { method: 'HEAD', headers: { authorization: `Bearer ${apiKey}` } });
  return String(answer.headers.etag);
};

const won = async (writes: readonly Promise<unknown>[]): Promise<number> => {
  const results = await Promise.allSettled(writes);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
  return results.filter(({ status }) => status === 'fulfilled').length;
};

it('lets one of many writers win who replace the same version or make the same file', async () => {
  const texts = Array.from({ length: 12 }, (_, i) => `writer ${i}`);
  expect(await won(texts.map((text) => sandbox.files.write('made.txt', text, { ifNoneMatch: '*' })))).toBe(1);
  for (let round = 0; round < 5; round++) {
    const ifMatch = await tagOf('made.txt');
    expect(await won(texts.map((text) => sandbox.files.write('made.txt', `${round} ${text}`, { ifMatch })))).toBe(1);
  }
  // Nobody leaves a half of his behind.
  expect((await sandbox.exec('ls -A | grep -c miosa-')).stdout).toBe('0\n');
});

it('keeps the old version, and nothing else, when an upload breaks off', async () => {
  await sandbox.files.write('kept.txt', 'old');
  let pieces = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => (pieces++ < 40 ? controller.enqueue(new Uint8Array(100_000)) : controller.error(new Error('the source is gone'))),
  });
  await expect(sandbox.files.write('kept.txt', broken)).rejects.toThrow();
  expect(await sandbox.files.readText('kept.txt')).toBe('old');
  await expect.poll(async () => (await sandbox.exec('ls -A | grep -c miosa-')).stdout, { timeout: 10_000 }).toBe('0\n');
});

it.each([
  'with space',
  ' ends ',
  'a\nnew line',
  'quote"\'`$(id)',
  '-rf',
  'ünïcode 診療所 🦷',
  'e\u0301', // not made into é
  '%2e%2e%2f',
  'back\\slash',
  'tab\tbell\u0007',
])('takes the name %j as it is', async (name) => {
  await sandbox.files.write(`names/${name}`, name);
  const listed = [];
  for await (const file of sandbox.files.list('names')) listed.push(file.name);
  expect(listed).toEqual([name]);
  expect(await sandbox.files.stat(`names/${name}`)).toMatchObject({ name, path: `/workspace/names/${name}` });
  await sandbox.files.rename({ from: `names/${name}`, to: `names/${name}2` });
  await sandbox.files.copy({ from: `names/${name}2`, to: `names/${name}` });
  expect(await sandbox.files.readText(`names/${name}`)).toBe(name);
  await sandbox.files.delete('names', { recursive: true });
});

it('lists what is not UTF-8 among the rest, and gives it out in an archive byte by byte', async () => {
  await sandbox.exec("mkdir odd && printf x > odd/$(printf 'a\\377b') && printf y > odd/fine");
  const names = [];
  for await (const file of sandbox.files.list('odd')) names.push(file.name);
  expect(names).toEqual(['a\uFFFDb', 'fine']);
  await sandbox.files.archive.set(await sandbox.files.archive.get('odd'), 'odd2');
  expect((await sandbox.exec("cat odd2/$(printf 'a\\377b') odd2/fine || ls odd2")).stdout).toBe('xy');
  await sandbox.files.delete('odd', { recursive: true });
});

it('reads a range beyond 4 GiB', async () => {
  await sandbox.exec('truncate -s 5G far.bin && printf end >> far.bin');
  const { apiUrl, apiKey } = platform();
  const url = `${apiUrl}/api/v1/sandboxes/${sandbox.id}/files/content?path=far.bin`;
  const answer = await request(url, { headers: { authorization: `Bearer ${apiKey}`, range: `bytes=${5 * GIB}-` } });
  expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([
    206,
    'end',
    `bytes ${5 * GIB}-${5 * GIB + 2}/${5 * GIB + 3}`,
  ]);
});

/** Resident memory of a process of the platform, in MiB. */
const residentMiB = (name: string): number => {
  const pids = JSON.parse(readFileSync(join(platform().dataDir, 'run', 'pids.json'), 'utf8')) as Record<string, number>;
  const status = readFileSync(`/proc/${pids[name]}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
};

it('moves more than the processes on the way could hold', async () => {
  await sandbox.exec('truncate -s 512M big.bin');
  const before = { edge: residentMiB('edge'), plane: residentMiB('control-plane') };
  let bytes = 0;
  for await (const chunk of await sandbox.files.readStream('big.bin')) bytes += chunk.length;
  expect(bytes).toBe(GIB / 2);
  await sandbox.files.write('back.bin', await sandbox.files.readStream('big.bin'));
  expect((await sandbox.files.stat('back.bin')).sizeBytes).toBe(GIB / 2);
  expect(residentMiB('edge') - before.edge).toBeLessThan(192);
  expect(residentMiB('control-plane') - before.plane).toBeLessThan(192);
}, 180_000);

it('tells of 10,000 new files, each once', async () => {
  await sandbox.files.mkdir('many');
  const watch = sandbox.files.watch('many');
  const seen = new Set<string>();
  let twice = 0;
  const heard = (async () => {
    for await (const change of watch) {
      if (change.type === 'overflow') break;
      if (change.isDir === true) continue;
      if (seen.has(change.path) && change.path.includes('/d')) twice++;
      seen.add(change.path);
      if (change.path.endsWith('/last')) break;
    }
  })();
  await expect
    .poll(
      async () => {
        await sandbox.files.write('many/first', String(Math.random()));
        return seen.size;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await sandbox.exec('cd many; for d in $(seq 100); do mkdir d$d; (cd d$d; touch $(seq 100)); done; sleep 1; touch last', { timeout: 60 });
  await heard;
  expect(seen.size).toBe(10_002);
  expect(twice).toBe(0);
}, 120_000);
