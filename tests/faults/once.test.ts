import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broken, settled, startBreakable } from './fixture.ts';

/** Contract 1.4: a POST with an Idempotency-Key is carried out once, also when the process dies between effect and answer. */
/** Early, and when most are under way; beside the code stand the tests for each step in between. */
const MOMENTS_MS = [10, 100];
/** Of each kind, at once. */
const CREATES = 8;
/** A dead request's key is free again after 20 s. */
const ANSWERED_WITHIN_MS = 60_000;

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(async () => {
  await broken?.platform.stop();
});

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
}

const call = (method: string, path: string, body: object | undefined, headers: Readonly<Record<string, string>>): Promise<Answer> => {
  const { apiUrl, ca } = broken.platform;
  const url = new URL(`${apiUrl}/api/v1${path}`);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ host: '127.0.0.1', port: url.port, servername: url.hostname, path: url.pathname + url.search },
        ...{ method, ca: readFileSync(ca), agent: false },
        headers: { host: url.host, 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.once('error', reject).once('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }));
      },
    );
    sent.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
};
const get = async (path: string, key = broken.platform.apiKey) => call('GET', path, undefined, { authorization: `Bearer ${key}` });

/** As a caller does that wants its answer: the same request again until there is one. */
const insisting = async (path: string, body: object): Promise<Answer> => {
  const headers = { authorization: `Bearer ${broken.platform.apiKey}`, 'idempotency-key': randomUUID() };
  for (const until = Date.now() + ANSWERED_WITHIN_MS; ; ) {
    const answer = await call('POST', path, body, headers).catch(() => undefined);
    const again = answer === undefined || answer.status >= 500 || answer.body.error?.code === 'IDEMPOTENCY_IN_PROGRESS';
    if (!again || Date.now() > until) return answer ?? { status: 0, body: null };
    await sleep(200);
  }
};

const named = async (path: string, name: string): Promise<{ id: string; name: string; state?: string }[]> =>
  (await get(`${path}?limit=100`)).body.data.filter((row: { name: string; state?: string }) => row.name === name && row.state !== 'error');

const KINDS: readonly (readonly [path: string, body: object])[] = [
  ['/api-keys', { key_type: 'live' }],
  ['/workspaces', {}],
  ['/sandboxes', {}],
];

describe.each(['control-plane', 'postgres'] as const)('kill -9 of %s', (name) => {
  it.each(MOMENTS_MS)('%i ms into a burst of creates: each is made once and its answer given', { timeout: 240_000 }, async (moment) => {
    const { platform } = broken;
    const jobs = KINDS.flatMap(([path, body]) =>
      Array.from({ length: CREATES }, async () => {
        const request = { ...body, name: `once-${randomUUID()}` };
        return { path, name: request.name, answer: await insisting(path, request) };
      }),
    );
    await sleep(moment);
    const before = platform.pid(name);
    await platform.kill(name);
    await platform.restarted(name, before);
    for (const { path, name: wanted, answer } of await Promise.all(jobs)) {
      expect([path, answer.status, answer.body]).toEqual([path, 201, answer.body]);
      expect([path, (await named(path, wanted)).map(({ id }) => id)]).toEqual([path, [answer.body.data.id]]);
      if (path === '/api-keys') expect((await get('/sandboxes', answer.body.data.key)).status).toBe(200);
    }
    for await (const sandbox of broken.miosa.sandboxes.list()) await sandbox.destroy();
    for await (const key of broken.miosa.apiKeys.list()) if (key.name.startsWith('once-')) await broken.miosa.apiKeys.revoke(key.id);
    await settled(broken);
  });
});
