import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_REDIS, type RedisServer, startRedis } from '@miosa/limits/testing';
import { Miosa, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Broken, startBreakable } from './fixture.ts';

/** Contract 2.4: refused everywhere within a second. What was begun later than that must fail, however busy the machine is. */
const SEEN_EVERYWHERE_MS = 1000;
const CLIENTS = 20;
const AT_ONCE = 50;

const toLoopback: LookupFunction = (_host, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

/** Status and headers as soon as they are there; the body is read to nowhere. */
const ask = (url: string, ca: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> => {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const { port, host, pathname, search, hostname } = target;
    request(
      {
        host: '127.0.0.1',
        port,
        path: pathname + search,
        servername: hostname,
        ca: readFileSync(ca),
        agent: false,
        headers: { host, ...headers },
      },
      (answer) => {
        answer.on('error', () => {});
        resolve(answer);
      },
    )
      .once('error', reject)
      .end();
  });
};
const closed = (answer: IncomingMessage): Promise<true> => new Promise((resolve) => answer.resume().once('close', () => resolve(true)));

if (NO_REDIS !== null) console.log(`not tried with Redis: ${NO_REDIS}`);
const STORES = ['Postgres only', ...(NO_REDIS === null ? ['Redis for the limits'] : [])];

describe.each(STORES)('with %s', (store) => {
  let redis: RedisServer | undefined;
  let broken: Broken;
  let sandbox: Sandbox;
  beforeAll(async () => {
    if (store !== 'Postgres only') redis = await startRedis({ shared: true });
    const env = { MIOSA_CONTROL_PLANE_RATE_LIMITS: 'on', ...(redis === undefined ? {} : { REDIS_URL: redis.url }) };
    broken = await startBreakable({ env });
    sandbox = await broken.miosa.sandboxes.create();
    await sandbox.processes.start(['node', '-e', 'setInterval(() => console.log(1), 100)'], { name: 'ticker' });
  });
  afterAll(async () => {
    await broken?.platform.stop();
    await redis?.close();
  });

  const withKey = async (options: { readonly rateLimitRpm?: number } = {}) => {
    const { id, key } = await broken.once.apiKeys.create({ name: 'under test', keyType: 'live', ...options });
    if (key === undefined) throw new Error('a new key is shown once');
    const { apiUrl: baseUrl, ca } = broken.platform;
    return { id, key, as: new Miosa({ apiKey: key, baseUrl, ca, maxRetries: 0 }) };
  };
  const api = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    ask(`${broken.platform.apiUrl}/api/v1${path}`, broken.platform.ca, headers);
  const ticketFor = async (as: Miosa) => {
    const [ticker] = (await as.sandboxes.processes.list(sandbox.id).page()).items;
    const { ticket } = await as.auth.sseTicket();
    return `/sandboxes/${sandbox.id}/processes/${ticker?.id}/stream?ticket=${ticket}`;
  };

  /** Answers of so many calls at once with one key. */
  const flood = async (key: string, calls: number) => {
    const answers = await Promise.all(Array.from({ length: calls }, () => api('/sandboxes', { authorization: `Bearer ${key}` })));
    const statuses = await Promise.all(answers.map(async (answer) => (await closed(answer)) && answer.statusCode));
    return {
      answers,
      good: statuses.filter((status) => status === 200).length,
      refused: statuses.filter((status) => status === 429).length,
    };
  };

  it('of fifty uses of one stream ticket at once exactly one wins', async () => {
    const { as } = await withKey();
    const path = await ticketFor(as);
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => api(path)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(AT_ONCE - 1);
    for (const answer of answers) answer.destroy();
  });

  it('of two hundred calls at once a key of fifty a minute gets exactly fifty, the others are told when to come back', async () => {
    const { key } = await withKey({ rateLimitRpm: 50 });
    const { answers, good, refused } = await flood(key, 200);
    expect({ good, refused }).toEqual({ good: 50, refused: 150 });
    const told = answers.filter(({ statusCode }) => statusCode === 429).map(({ headers }) => Number(headers['retry-after']));
    // A sliding minute in whole seconds: never too early, so at most 61.
    expect(told.filter((seconds) => !(seconds >= 1 && seconds <= 61))).toEqual([]);
  });

  it('goes on counting when the store of the limits dies, and when it is back', async () => {
    if (redis === undefined) return expect(store).toBe('Postgres only');
    await redis.kill();
    const { key } = await withKey({ rateLimitRpm: 50 });
    expect(await flood(key, 100)).toMatchObject({ good: 50, refused: 50 });
    await redis.restart();
    const next = await withKey({ rateLimitRpm: 50 });
    expect((await flood(next.key, 100)).good).toBeGreaterThan(0);
  });

  it('a revoked key opens nothing a second later, for twenty clients at once, and its open streams are cut', async () => {
    const { id, key, as } = await withKey();
    const { token } = await as.sandboxes.previewToken(sandbox.id, { port: 5173 });
    await sandbox.files.write('echo.mjs', ECHO);
    await sandbox.processes.start(['node', 'echo.mjs']);
    const preview = String(sandbox.previewUrl);
    const visit = async () => (await ask(`${preview}/`, broken.platform.ca, { 'x-miosa-preview-token': token })).statusCode;
    await expect.poll(visit, { timeout: 20_000 }).toBe(200);

    const cut: Promise<true>[] = [];
    for (let i = 0; i < 3; i++) {
      const events = await as.sandboxes.get(sandbox.id).then((own) => own.exec.stream('while :; do echo tick; sleep 0.1; done'));
      const iterator = events[Symbol.asyncIterator]();
      await iterator.next();
      cut.push(
        (async () => {
          for (;;) if ((await iterator.next().catch(() => ({ done: true }))).done === true) return true as const;
        })(),
      );
    }
    const stream = await api(await ticketFor(as));
    expect(stream.statusCode).toBe(200);
    cut.push(closed(stream));
    const socket = new WebSocket(preview.replace(/^http/, 'ws'), {
      headers: { 'x-miosa-preview-token': token },
      ca: readFileSync(broken.platform.ca),
      lookup: toLoopback,
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    cut.push(new Promise((resolve) => socket.once('close', () => resolve(true))));

    const seen: { readonly begun: number; readonly status: number | undefined }[] = [];
    let done = false;
    const use = async () => {
      while (!done) {
        const begun = performance.now();
        const answer = await api('/sandboxes', { authorization: `Bearer ${key}` });
        await closed(answer);
        seen.push({ begun, status: answer.statusCode });
        await sleep(250);
      }
    };
    const clients = Array.from({ length: CLIENTS }, use);
    await expect
      .poll(() => seen.length)
      .toBeGreaterThanOrEqual(2 * CLIENTS)
      .catch((error: unknown) => {
        done = true;
        throw error;
      });
    await broken.once.apiKeys.revoke(id);
    const revoked = performance.now();
    await sleep(SEEN_EVERYWHERE_MS + 600);
    done = true;
    await Promise.all(clients);

    const late = seen.filter(({ begun }) => begun > revoked + SEEN_EVERYWHERE_MS);
    expect(late.length).toBeGreaterThan(0);
    // 429: so many refused credentials are too many for one address.
    expect([401, 429]).toEqual(expect.arrayContaining([...new Set(late.map(({ status }) => status))]));
    expect(new Set(seen.filter(({ begun }) => begun < revoked - SEEN_EVERYWHERE_MS).map(({ status }) => status))).not.toContain(401);
    expect(await Promise.all(cut)).toEqual(cut.map(() => true));
    expect(await visit()).toBe(403);
  });
});

/** Answers, and takes WebSockets without a library. */
const ECHO = `
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
createServer((_, res) => res.end('here')).on('upgrade', (req, socket) => {
  const accept = createHash('sha1').update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
}).listen(5173);
`;
