import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { InstanceRoute } from '../routes/deployment-types.ts';
import { open } from '../testing/client.ts';
import { deploy, instanceOn, type Published } from '../testing/deployments.ts';
import { type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let instance: InstanceRoute;
let site: Published;
let seen: NodeJS.Dict<string | string[]> = {};
let end = (): void => {};
beforeAll(async () => {
  platform = await startPlatform();
  const { agent } = await platform.sandbox();
  const server = await platform.app(
    agent,
    (req, res) => {
      if (req.method === 'POST') return void req.pipe(res);
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: 0\n\n');
      end = () => res.end('data: 1\n\n');
    },
    3000,
  );
  new WebSocketServer({ server }).on('connection', (socket, req) => {
    seen = req.headers;
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  instance = instanceOn(agent);
  site = deploy(platform, { kind: 'dynamic', instances: [instance] });
});
afterAll(() => platform.close());

const dial = async (host: string): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${platform.httpPort}/live`, { headers: { host, origin: `http://${host}` } });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject);
    socket.once('unexpected-response', (_req, message) => reject(new Error(String(message.statusCode))));
  });
  return socket;
};
const echo = async (socket: WebSocket, text: string): Promise<string> => {
  const answer = new Promise<string>((resolve) => void socket.once('message', (data) => resolve(String(data))));
  socket.send(text);
  return answer;
};

describe('a published app', () => {
  it('has WebSockets, which see the public host and outlive a pointer change', async () => {
    const socket = await dial(site.host);
    expect(await echo(socket, 'hello')).toBe('hello');
    expect([seen.host, seen.origin]).toEqual([site.host, `http://${site.host}`]);
    site.change({ versionId: 'ver_next', instances: [] });
    await sleep(50);
    expect(await echo(socket, 'still here')).toBe('still here');
    site.change({ instances: [instance] });
    socket.close();
  });

  it('takes WebSockets on an instance that answers when another one does not', async () => {
    const gone = instanceOn({ socketPath: '/nonexistent/agent.sock' } as never);
    const { host } = deploy(platform, { kind: 'dynamic', instances: [gone, instance] });
    for (let i = 0; i < 3; i++) {
      const socket = await dial(host);
      expect(await echo(socket, 'x')).toBe('x');
      socket.close();
    }
  });

  it('has no WebSockets when it is files', async () => {
    const { host } = deploy(platform, { kind: 'static', manifestSha256: 'aa' });
    await expect(dial(host)).rejects.toThrow('400');
  });

  it('streams events as they come, and counts as in use meanwhile', async () => {
    const message = await open({ port: platform.httpPort, host: site.host });
    const chunks: string[] = [];
    message.on('data', (chunk) => chunks.push(String(chunk)));
    for (let i = 0; i < 100 && chunks.length === 0; i++) await sleep(20);
    expect(chunks).toEqual(['data: 0\n\n']);
    for (let i = 0; i < 150 && platform.control.activity[instance.machineId] === undefined; i++) await sleep(20);
    expect(platform.control.activity[instance.machineId]).toBeGreaterThan(0);
    end();
    await new Promise((done) => message.once('end', done));
    expect(chunks.join('')).toBe('data: 0\n\ndata: 1\n\n');
  });

  it('gets uploads as they come', async () => {
    const body = 'x'.repeat(300_000);
    expect((await platform.get(site.host, '/', { method: 'POST', body })).body).toBe(body);
  });
});
