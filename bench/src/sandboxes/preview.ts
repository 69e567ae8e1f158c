import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Miosa, Sandbox } from '@miosa/sdk';
import { type Sample, sample } from '../stats.ts';
import { caOf, type Target } from './target.ts';

const APP = `require('node:http').createServer((q, s) => s.end('ok')).listen(5173, '127.0.0.1')`;

interface Page {
  readonly sandbox: Sandbox;
  get(): Promise<number>;
  close(): void;
}

/** A public page on a connection that is kept. */
const openPage = async (target: Target, miosa: Miosa): Promise<Page> => {
  const sandbox = await miosa.sandboxes.create({});
  await sandbox.processes.start(['node', '-e', APP]);
  const { url } = await sandbox.expose(5173);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: caOf(target) });
  const { hostname, host, port } = new URL(url);
  const get = (): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ agent, host: '127.0.0.1', port, path: '/', headers: { host }, servername: hostname }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  while ((await get()) !== 200) await sleep(50);
  return { sandbox, get, close: () => agent.destroy() };
};

/**
 * Latency the edge adds to a preview. Same request, kept-alive connections: through the edge over TLS, and — as the floor — to the same server
 * on loopback of this host, run outside a sandbox.
 */
export const benchPreview = async (
  target: Target,
  miosa: Miosa,
  count: number,
  direct: () => Promise<unknown>,
): Promise<readonly Sample[]> => {
  const page = await openPage(target, miosa);
  const proxied = await sample('preview through the edge', count, page.get, 50);
  const floor = await sample('the same app on loopback', count, direct, 50);
  const ms: number[] = [];
  for (let round = 0; round < 50; round++) {
    await page.sandbox.pause();
    const started = performance.now();
    const status = await page.get();
    ms.push(performance.now() - started);
    if (status !== 200) throw new Error(`the wake-up answered ${status}`);
  }
  page.close();
  await page.sandbox.destroy();
  return [proxied, floor, { name: 'wake on HTTP, paused', ms }];
};
