import type { Deployment, Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broken, startBreakable } from './fixture.ts';
import { frozenOnHost, sandboxesOnHost } from './host.ts';
import { visitPlain } from './visit.ts';

let broken: Broken;
let sandbox: Sandbox;
beforeAll(async () => {
  const policy = { drain_sec: 1, health_grace_sec: 15, sleep_after_sec: 2 };
  broken = await startBreakable({ env: { MIOSA_CONTROL_PLANE_DEPLOYMENTS: JSON.stringify(policy) } });
  sandbox = await broken.miosa.sandboxes.create({ name: 'source' });
  await sandbox.files.write('app.py', APP);
});
afterAll(() => broken?.platform.stop());

const WAIT = { timeout: 60_000, interval: 200 };

const APP = `
import http.server, os
count = 0
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global count
        count += 1
        text = f"{os.getpid()} {count}".encode()
        self.send_response(200)
        self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), App).serve_forever()
`;

const visit = (address: string): Promise<{ readonly status: number; readonly body: string }> =>
  visitPlain(`http://${new URL(address).hostname}:${broken.platform.httpPort}/`, {});

let count = 0;
const publish = async (promote: boolean) => {
  const deployment: Deployment = await broken.miosa.deployments.create({ name: `sleeper ${++count}`, size: 'xs' });
  const how = { sourceSandboxId: sandbox.id, kind: 'dynamic', runCommand: 'python3 app.py', port: 8000, promote } as const;
  return deployment.publish(how);
};

const machines = (): string[] => sandboxesOnHost(broken.platform.dataDir).filter((id) => id !== sandbox.id);
const asleep = (): string[] => frozenOnHost(broken.platform.dataDir).filter((id) => id !== sandbox.id);

it('a deployment that nobody visits sleeps, and the next visitor finds it as it was, however many come at once', async () => {
  const { deployment } = await publish(true);
  const [pid] = (await visit(deployment.fallbackUrl)).body.split(' ');
  await expect.poll(asleep, WAIT).toHaveLength(1);
  const answers = await Promise.all(Array.from({ length: 10 }, () => visit(deployment.fallbackUrl)));
  expect(answers.map(({ status, body }) => [status, body.split(' ')[0]])).toEqual(Array(10).fill([200, pid]));
  expect(asleep()).toEqual([]);
  await expect.poll(asleep, WAIT).toHaveLength(1); // and sleeps again
  await deployment.delete();
  await expect.poll(machines, WAIT).toEqual([]);
}, 180_000);

it('a version that is not live runs for visits of its own address only, once for all of them', async () => {
  const { deployment, version } = await publish(false);
  expect(machines()).toEqual([]);
  const answers = await Promise.all(Array.from({ length: 5 }, () => visit(version.url)));
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
  expect(new Set(answers.map(({ body }) => body.split(' ')[0])).size).toBe(1);
  expect(machines()).toHaveLength(1);
  await deployment.delete();
  await expect.poll(machines, WAIT).toEqual([]);
}, 180_000);
