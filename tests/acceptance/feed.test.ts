import { performance } from 'node:perf_hooks';
import type { MiosaEvent } from '@miosa/sdk';
import { expect, it } from 'vitest';
import { client } from '../harness/context.ts';

const miosa = client();

it('tells whoever listens to a sandbox of its commands and ports, and nobody else', async () => {
  await using sandbox = await miosa.sandboxes.create();
  const seen: MiosaEvent[] = [];
  const stop = new AbortController();
  const listening = (async () => {
    for await (const event of sandbox.events({ signal: stop.signal })) seen.push(event);
  })().catch(() => {});
  const types = () => seen.map(({ type }) => type.replace('sandbox.', ''));
  await expect.poll(async () => (await sandbox.exec('true')) && types(), { timeout: 10_000 }).toContain('exec.started');
  seen.length = 0;
  const { processId } = await sandbox.exec('exit 3');
  await expect.poll(types, { timeout: 10_000 }).toEqual(expect.arrayContaining(['exec.started', 'exec.completed']));
  const ended = seen.find(({ type, data }) => type === 'sandbox.exec.completed' && data.id === processId);
  expect(ended?.data).toMatchObject({ command: 'exit 3', exitCode: 3, state: 'exited' });
  const server = await sandbox.processes.start('python3 -m http.server 8123');
  await expect.poll(types, { timeout: 20_000 }).toContain('port.opened');
  await sandbox.processes.delete(server.id);
  await expect.poll(types, { timeout: 20_000 }).toContain('port.closed');
  const port = seen.find(({ type }) => type === 'sandbox.port.opened');
  expect(port?.data).toMatchObject({ port: 8123, processId: server.id, url: expect.stringContaining('https://8123-') });
  stop.abort();
  await listening;
  const listed = await miosa.events.list({ types: 'sandbox.*', limit: 100 }).all();
  expect(listed.filter(({ type }) => /exec|port\./.test(type))).toEqual([]);
});

it('prints what listening costs a command', async () => {
  await using sandbox = await miosa.sandboxes.create();
  const median = async (): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < 60; n++) {
      const start = performance.now();
      await sandbox.exec(['true']);
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[30] ?? 0;
  };
  const rounds: [number, number][] = [];
  for (let round = 0; round < 3; round++) {
    const quiet = await median();
    const stop = new AbortController();
    const iterator = sandbox.events({ signal: stop.signal })[Symbol.asyncIterator]();
    const next = iterator.next().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    rounds.push([quiet, await median()]);
    stop.abort();
    await next;
  }
  console.log(`exec p50: ${rounds.map(([quiet, heard]) => `${quiet.toFixed(2)} ms alone, ${heard.toFixed(2)} ms listened to`).join('; ')}`);
});
