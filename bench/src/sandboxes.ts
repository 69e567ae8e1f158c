import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { Miosa, type Sandbox } from '@miosa/sdk';
import { type Sample, sample, timed } from './stats.ts';

export interface Target {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Path of the CA certificate. */
  readonly ca: string;
}

const destroyAll = (sandboxes: readonly Sandbox[]): Promise<unknown> => Promise.all(sandboxes.map((sandbox) => sandbox.destroy()));

const createAndExec = async (miosa: Miosa): Promise<Sandbox> => {
  const sandbox = await miosa.sandboxes.create({});
  const { exitCode } = await sandbox.exec(['/bin/true']);
  if (exitCode !== 0) throw new Error(`the first command ended with ${exitCode}`);
  return sandbox;
};

/** Memory that one idle sandbox adds: what its control group is charged with, page cache of the shared template included where it was first to read it. */
const groupMemoryBytes = (id: string): number => {
  const roots = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  for (const root of roots)
    for (const group of groupsBelow(root))
      if (group.endsWith(id))
        for (const file of ['memory.usage_in_bytes', 'memory.current'])
          try {
            return Number(readFileSync(`${group}/${file}`, 'utf8'));
          } catch {
            // the other version of control groups
          }
  return Number.NaN;
};

const groupsBelow = (root: string): readonly string[] => {
  try {
    return readdirSync(root)
      .filter((name) => name.startsWith('miosa'))
      .flatMap((name) => readdirSync(`${root}/${name}`).map((child) => `${root}/${name}/${child}`));
  } catch {
    return [];
  }
};

export interface SandboxResults {
  readonly samples: readonly Sample[];
  readonly burst: { readonly count: number; readonly wallMs: number; readonly good: number };
  readonly idleBytes: readonly number[];
}

/** Create, exec, burst, idle memory through the public API: SDK → edge → control plane → agent, TLS included. */
export const benchSandboxes = async (target: Target, count: number): Promise<SandboxResults> => {
  const miosa = new Miosa({ apiKey: target.apiKey, baseUrl: target.apiUrl, ca: target.ca, maxRetries: 0 });
  const made: Sandbox[] = [];
  const create = await sample('create → first exec', count, async () => made.push(await createAndExec(miosa)), 3);
  const idleBytes = made.map(({ id }) => groupMemoryBytes(id));
  const [first] = made;
  if (first === undefined) throw new Error('nothing was created');
  const exec = await sample('exec', count * 4, () => first.exec(['/bin/true']), 10);
  const shell = await sample('exec through a login shell', count, () => first.exec('true'), 3);
  await destroyAll(made.slice(1));
  const destroy = await sample('destroy', 1, () => first.destroy());
  const burst = await timed(() => Promise.allSettled(Array.from({ length: count }, () => createAndExec(miosa))));
  const good = burst.value.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await destroyAll(good);
  return { samples: [create, exec, shell, destroy], burst: { count, wallMs: burst.ms, good: good.length }, idleBytes };
};

const APP = `require('node:http').createServer((q, s) => s.end('ok')).listen(5173, '127.0.0.1')`;

/**
 * Latency the edge adds to a preview. Same request, kept-alive connections: through the edge over TLS, and — as the floor — to the same server
 * on loopback of this host, run outside a sandbox.
 */
export const benchPreview = async (target: Target, count: number, direct: () => Promise<unknown>): Promise<readonly Sample[]> => {
  const miosa = new Miosa({ apiKey: target.apiKey, baseUrl: target.apiUrl, ca: target.ca });
  await using sandbox = await miosa.sandboxes.create({});
  await sandbox.processes.start(['node', '-e', APP]);
  const { url } = await sandbox.expose(5173);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(target.ca) });
  const get = async (): Promise<number> => {
    const { hostname, host, port } = new URL(url);
    return new Promise((resolve, reject) => {
      request({ agent, host: '127.0.0.1', port, path: '/', headers: { host }, servername: hostname }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  };
  while ((await get()) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  const proxied = await sample('preview through the edge', count, get, 50);
  const floor = await sample('the same app on loopback', count, direct, 50);
  agent.destroy();
  return [proxied, floor];
};
