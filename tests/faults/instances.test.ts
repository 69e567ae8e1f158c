import type { Deployment, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broken, startBreakable } from './fixture.ts';
import { sandboxesOnHost } from './host.ts';
import { visitPlain } from './visit.ts';

let broken: Broken;
let sandbox: Sandbox;
beforeAll(async () => {
  const policy = { drain_sec: 2, health_grace_sec: 15, sleep_after_sec: 0 };
  broken = await startBreakable({ env: { MIOSA_CONTROL_PLANE_DEPLOYMENTS: JSON.stringify(policy) } });
  sandbox = await broken.miosa.sandboxes.create({ name: 'source' });
  await sandbox.files.write('app.py', APP);
});
afterAll(() => broken?.platform.stop());

const WAIT = { timeout: 60_000, interval: 200 };

/** Says which version it is and in which process; `/exit` ends it, `/hog` takes more memory than there is, `/sick` makes it unhealthy. */
const APP = `
import http.server, os, signal, time
VERSION = open('version.txt').read().strip()
sick = False
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global sick
        if self.path == '/exit': os._exit(3)
        if self.path == '/hog': bytearray(3 << 30)
        if self.path == '/sick': sick = True
        text = f"{VERSION} {os.environ.get('GREETING', '')} {os.getpid()}".encode()
        self.send_response(500 if sick else 200)
        self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *args): print('asked', self.path, flush=True)
def leave(*_):
    print('closing', flush=True)
    time.sleep(1)
    print('flushed', flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
if VERSION == 'broken': raise SystemExit('cannot start')
port = 9999 if VERSION == 'elsewhere' else int(os.environ['PORT'])
print('listening on', port, flush=True)
http.server.ThreadingHTTPServer(('127.0.0.1', port), App).serve_forever()
`;

interface Instance {
  readonly id: string;
  readonly state: string;
  readonly state_reason: string | null;
  readonly version_id: string;
  readonly restarts: number;
}

const api = async <T>(path: string): Promise<T> => {
  const { domain, httpPort, apiKey } = broken.platform;
  const { status, body } = await visitPlain(`http://api.${domain}:${httpPort}/api/v1${path}`, { authorization: `Bearer ${apiKey}` });
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return JSON.parse(body).data as T;
};

const instances = async (id: string, ...states: readonly string[]): Promise<Instance[]> =>
  (await api<Instance[]>(`/deployments/${id}/runtime-instances?limit=100`)).filter(({ state }) => states.includes(state));

const visit = (deployment: Deployment, path = '/'): Promise<{ readonly status: number; readonly body: string }> => {
  const url = new URL(deployment.fallbackUrl);
  return visitPlain(`http://${url.hostname}:${broken.platform.httpPort}${path}`, {});
};

const publish = async (deployment: Deployment, version: string) => {
  await sandbox.files.write('version.txt', version);
  const how = { sourceSandboxId: sandbox.id, kind: 'dynamic', runCommand: 'python3 app.py', port: 8000, waitSeconds: 120 } as const;
  return deployment.publish(how);
};

let count = 0;
const deploymentOf = (over: { readonly replicas?: number; readonly env?: Record<string, string> } = {}): Promise<Deployment> =>
  broken.miosa.deployments.create({ name: `app ${++count}`, size: 'xs', ...over });

const live = async (version: string, over: Parameters<typeof deploymentOf>[0] = {}): Promise<Deployment> => {
  const deployment = await deploymentOf(over);
  await publish(deployment, version);
  return deployment;
};

/** Visits again and again until it is stopped; what was not answered with 200, and the versions that were seen. */
const visitors = (deployment: Deployment) => {
  const wrong: string[] = [];
  const seen = new Set<string>();
  let count = 0;
  let going = true;
  const one = async (): Promise<void> => {
    while (going) {
      const { status, body } = await visit(deployment).catch((error: Error) => ({ status: 0, body: error.message }));
      count += 1;
      if (status === 200) seen.add(body.split(' ')[0] ?? '');
      else wrong.push(`${status} ${body.slice(0, 200)}`);
    }
  };
  const all = [one(), one(), one()];
  return async () => {
    going = false;
    await Promise.all(all);
    return { wrong, seen: [...seen], count };
  };
};

it('runs what was published, and answers visitors from it', async () => {
  const deployment = await live('one', { env: { GREETING: 'hello' } });
  const { status, body } = await visit(deployment);
  expect([status, body]).toEqual([200, expect.stringMatching(/^one hello \d+$/)]);
  const [instance] = await instances(deployment.id, 'healthy');
  const lines = await api<{ line: string; instance_id: string }[]>(`/deployments/${deployment.id}/logs`);
  expect(lines.map(({ line, instance_id }) => [line, instance_id])).toContainEqual(['listening on 8000', instance?.id]);
  await deployment.delete();
}, 180_000);

it('no visitor sees a publish, a rollback, a restart or a change of replicas', async () => {
  const deployment = await live('one');
  const stop = visitors(deployment);
  await publish(deployment, 'two');
  await deployment.rollback();
  await publish(deployment, 'three');
  await deployment.update({ replicas: 2 });
  await expect.poll(() => instances(deployment.id, 'healthy'), WAIT).toHaveLength(2);
  const before = (await instances(deployment.id, 'healthy')).map(({ id }) => id);
  await deployment.restart();
  const isNew = async (): Promise<boolean> => {
    const ids = (await instances(deployment.id, 'healthy')).map(({ id }) => id);
    return ids.length === 2 && !ids.some((id) => before.includes(id));
  };
  await expect.poll(isNew, WAIT).toBe(true);
  await deployment.update({ replicas: 1 });
  await expect.poll(() => instances(deployment.id, 'healthy'), WAIT).toHaveLength(1);
  await expect.poll(() => instances(deployment.id, 'stopping'), WAIT).toHaveLength(0);
  const { wrong, seen, count } = await stop();
  expect(wrong).toEqual([]);
  expect(seen.toSorted()).toEqual(['one', 'three', 'two']);
  expect(count).toBeGreaterThan(20);
  await deployment.delete();
}, 180_000);

it.each([
  ['broken', /Its run command ended.*cannot start/],
  ['elsewhere', /listens on 9999\. Set port to 9999/],
])(
  'a version that is %s fails with the reason, and the old one serves',
  async (version, reason) => {
    const deployment = await live('one');
    await expect(publish(deployment, version)).rejects.toThrow(reason);
    expect((await visit(deployment)).body).toMatch(/^one /);
    expect((await deployment.refresh()).state).toBe('running');
    const [failed] = await instances(deployment.id, 'failed');
    const lines = await api<{ line: string }[]>(`/deployments/${deployment.id}/runtime-instances/${failed?.id}/logs`);
    expect(lines.length).toBeGreaterThan(0);
    await deployment.delete();
  },
  180_000,
);

it.each(['/exit', '/hog'])(
  'an app that ends (%s) is started again in its place, and that is counted',
  async (path) => {
    const deployment = await live('one');
    const [before] = await instances(deployment.id, 'healthy');
    await visit(deployment, path).catch(() => {});
    await expect.poll(async () => (await visit(deployment)).status, WAIT).toBe(200);
    await expect
      .poll(async () => (await instances(deployment.id, 'healthy')).map(({ id, restarts }) => [id, restarts > 0]), WAIT)
      .toEqual([[before?.id, true]]);
    await deployment.delete();
  },
  180_000,
);

it('an app that answers with errors is replaced', async () => {
  const deployment = await live('one');
  const [before] = await instances(deployment.id, 'healthy');
  expect((await visit(deployment, '/sick')).status).toBe(500);
  await expect.poll(async () => (await visit(deployment)).status, { ...WAIT, timeout: 90_000 }).toBe(200);
  expect((await instances(deployment.id, 'healthy')).map(({ id }) => id)).not.toContain(before?.id);
  await deployment.delete();
}, 180_000);

it('stopped it serves nothing and runs nothing; started it serves again; deleted nothing is left', async () => {
  const deployment = await live('one');
  await deployment.stop();
  expect((await visit(deployment)).status).not.toBe(200);
  await expect.poll(() => instances(deployment.id, 'healthy', 'stopping'), WAIT).toEqual([]);
  await deployment.start();
  await expect.poll(async () => (await visit(deployment)).status, WAIT).toBe(200);
  await deployment.delete();
  await expect.poll(() => sandboxesOnHost(broken.platform.dataDir), WAIT).toEqual([sandbox.id]);
}, 180_000);

it('what is stopped may close and write down what it holds, and its last words are kept', async () => {
  const deployment = await live('one');
  const [instance] = await instances(deployment.id, 'healthy');
  await deployment.stop();
  await expect.poll(async () => (await instances(deployment.id, 'stopped')).map(({ id }) => id), WAIT).toEqual([instance?.id]);
  const lines = await api<{ line: string }[]>(`/deployments/${deployment.id}/runtime-instances/${instance?.id}/logs`);
  expect(lines.map(({ line }) => line).slice(-2)).toEqual(['closing', 'flushed']);
  await deployment.delete();
}, 180_000);

it('no process of the platform takes the instances with it, and what each was doing is done by the next', async () => {
  const { platform } = broken;
  const deployment = await live('one');
  const [before] = await instances(deployment.id, 'healthy');
  for (const name of ['control-plane', 'runner', 'postgres'] as const) {
    const pid = platform.pid(name);
    await platform.kill(name);
    expect((await visit(deployment)).body).toMatch(/^one /);
    await platform.restarted(name, pid);
  }
  await expect
    .poll(async () => (await instances(deployment.id, 'healthy').catch(() => [])).map(({ id }) => id), WAIT)
    .toEqual([before?.id]);
  const stop = visitors(deployment);
  const restarting = deployment.restart();
  await restarting;
  await platform.kill('control-plane');
  await expect
    .poll(async () => (await instances(deployment.id, 'healthy').catch(() => [])).map(({ id }) => id), WAIT)
    .toEqual([expect.not.stringMatching(before?.id ?? '')]);
  expect((await stop()).wrong).toEqual([]);
  await deployment.delete();
}, 240_000);

it('comes back by itself when the whole platform was stopped and started', async () => {
  const deployment = await live('one');
  await broken.platform.down();
  await broken.platform.up();
  await expect.poll(async () => (await visit(deployment).catch(() => ({ status: 0 }))).status, WAIT).toBe(200);
  expect((await deployment.refresh()).state).toBe('running');
  await deployment.delete();
}, 240_000);
