import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineRoute, raw, type SseEvent, sse } from './route.ts';
import type { Server } from './server.ts';
import { writeSse } from './sse.ts';
import { GOOD, testServer } from './testing.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const state = { produced: 0, returned: false, rawDestroyed: false, rawChunks: 0, uploadError: '', endCredential: () => {} };

async function* numbers(count: number): AsyncGenerator<SseEvent> {
  try {
    for (let i = 0; i < count; i++) {
      state.produced = i + 1;
      yield { type: 'n', id: `evt_${i}`, data: { i, pad: 'z'.repeat(10_000) } };
    }
  } finally {
    state.returned = true;
  }
}

const get = (id: string, extra: Pick<Parameters<typeof defineRoute>[0], 'response' | 'handler'>) =>
  defineRoute({ id, method: 'GET', path: `/${id}`, summary: id, access: { scope: null }, ...extra } as Parameters<typeof defineRoute>[0]);

const routes = [
  get('events', { response: 'sse', handler: async (_op, { query }) => sse(numbers(Number((query as { n?: string }).n ?? 3))) }),
  get('failing', {
    response: 'sse',
    handler: async () =>
      sse(
        (async function* () {
          yield { type: 'a', data: {} };
          throw new Error('secret internals');
        })(),
      ),
  }),
  get('forever', {
    response: 'sse',
    handler: async () => sse({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
  }),
  get('bytes', {
    response: 'raw',
    handler: async () => {
      state.rawChunks = 0;
      const body = new Readable({
        read() {
          state.rawChunks++;
          this.push(CHUNK);
        },
        destroy(error, done) {
          state.rawDestroyed = true;
          done(error);
        },
      });
      return raw(body, { 'content-type': 'text/html', etag: '"v1"' });
    },
  }),
  get('broken', {
    response: 'raw',
    handler: async () => {
      const body = new Readable({ read: () => {} });
      setImmediate(() => body.destroy(new Fault('UPSTREAM_UNREACHABLE', 'gone')));
      return raw(body, {});
    },
  }),
  defineRoute({
    id: 'upload',
    method: 'PUT',
    path: '/upload/{path...}',
    summary: 'upload',
    access: { scope: null },
    body: 'raw',
    response: Type.Object({ bytes: Type.Integer(), path: Type.String() }),
    handler: async (_op, { body, params }) => {
      let bytes = 0;
      try {
        for await (const chunk of body) bytes += (chunk as Buffer).length;
      } catch (error) {
        state.uploadError = (error as Error).message;
        throw error;
      }
      return { bytes, path: params.path ?? '' };
    },
  }),
  get('slow', {
    response: Type.Object({ done: Type.Boolean() }),
    handler: async () => {
      await sleep(100);
      return { done: true };
    },
  }),
  get('waits', {
    response: Type.Object({ aborted: Type.Boolean() }),
    handler: async (op) => {
      await sleep(60_000, undefined, { signal: op.signal }).catch(() => {});
      return { aborted: op.signal.aborted };
    },
  }),
];

let server: Server;
let dir: string;
const start = async (options: Parameters<typeof testServer>[1] = {}): Promise<Server> => {
  const watchCredential = (_actor: unknown, end: () => void) => {
    state.endCredential = end;
    return () => {};
  };
  const s = await testServer(routes, { watchCredential, graceMs: 500, ...options });
  await s.listen(join(dir, 'a.sock'));
  return s;
};
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'miosa-http-'));
  server = await start();
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

const open = async (path: string, method = 'GET', body?: Buffer): Promise<IncomingMessage> => {
  const req = request({ socketPath: join(dir, 'a.sock'), path: `/api/v1${path}`, method, headers: GOOD });
  req.end(body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
};
const text = async (res: IncomingMessage): Promise<string> => {
  let out = '';
  for await (const chunk of res) out += String(chunk);
  return out;
};

describe('server-sent events', () => {
  it('have the frame of the contract and end with the source', async () => {
    const res = await open('/events?n=2');
    expect([res.headers['content-type'], res.headers['cache-control']]).toEqual(['text/event-stream; charset=utf-8', 'no-store']);
    expect((await text(res)).replaceAll(/z+/g, '')).toBe(
      'event: n\nid: evt_0\ndata: {"i":0,"pad":"","type":"n"}\n\nevent: n\nid: evt_1\ndata: {"i":1,"pad":"","type":"n"}\n\n',
    );
    expect(state.returned).toBe(true);
  });

  it('turn a throw into an error event without internals', async () => {
    const out = await text(await open('/failing'));
    expect(out).toContain('event: error\ndata: {"code":"INTERNAL","message":"Something went wrong');
    expect(out).not.toContain('secret');
  });

  it('stop the source when the client hangs up, and pull no more than the socket takes', async () => {
    state.returned = false;
    const res = await open('/events?n=1000000');
    res.once('error', () => {});
    await once(res, 'data');
    res.pause();
    await sleep(100);
    expect(state.produced).toBeLessThan(1000);
    res.destroy();
    await vi.waitFor(() => expect(state.returned).toBe(true));
  });

  it('end within a moment when the credential ends', async () => {
    const res = await open('/forever');
    state.endCredential();
    expect(await text(res)).toContain('event: error\ndata: {"code":"UNAUTHORIZED"');
  });

  it('beat while they are quiet', async () => {
    const written: string[] = [];
    const res = Object.assign(new EventTarget(), {
      destroyed: false,
      writableNeedDrain: false,
      once: () => res,
      writeHead: () => res,
      flushHeaders: () => {},
      write: (frame: string) => written.push(frame) > 0,
      end: () => {},
    });
    const end = new AbortController();
    const done = writeSse(
      res as never,
      { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
      {
        headers: {},
        end: end.signal,
        heartbeatMs: 5,
        toFault: (error) => error as Fault,
      },
    );
    await vi.waitFor(() => expect(written.length).toBeGreaterThan(1));
    end.abort(new Fault('UNAVAILABLE', 'x'));
    await done;
    expect(written[0]).toBe(': hb\n\n');
    expect(written.at(-1)).toContain('event: error');
  });
});

describe('raw bodies', () => {
  it('go out with back-pressure, and a hang-up destroys their source', async () => {
    state.rawDestroyed = false;
    const res = await open('/bytes');
    res.once('error', () => {});
    expect([res.headers.etag, res.headers['content-security-policy']]).toEqual(['"v1"', expect.stringContaining('sandbox')]);
    await once(res, 'data');
    res.pause();
    await sleep(50);
    expect(state.rawChunks).toBeLessThan(200);
    res.destroy();
    await vi.waitFor(() => expect(state.rawDestroyed).toBe(true));
  });

  it('that fail before their first byte are an ordinary error of the same request', async () => {
    const res = await open('/broken');
    const { error } = JSON.parse(await text(res));
    expect([res.statusCode, error.code, error.request_id]).toEqual([502, 'UPSTREAM_UNREACHABLE', res.headers['x-request-id']]);
    const metrics = (await server.injectInternal('/metrics')).body;
    expect(metrics).toMatch(/miosa_http_requests_in_flight 1\n/);
  });

  it('answer HEAD with the headers and read nothing of the source', async () => {
    state.rawDestroyed = false;
    const res = await open('/bytes', 'HEAD');
    expect([res.statusCode, res.headers.etag, await text(res)]).toEqual([200, '"v1"', '']);
    expect([state.rawDestroyed, state.rawChunks]).toEqual([true, 0]);
  });

  it('come in unbuffered, of any type, larger than the JSON limit, with the rest of the path', async () => {
    const res = await open('/upload/src/a%20b.ts', 'PUT', Buffer.alloc(3 * 1024 * 1024));
    expect(JSON.parse(await text(res))).toEqual({ data: { bytes: 3 * 1024 * 1024, path: 'src/a b.ts' } });
  });

  it('that end early are an error to the handler', async () => {
    const req = request({
      socketPath: join(dir, 'a.sock'),
      path: '/api/v1/upload/x',
      method: 'PUT',
      headers: { ...GOOD, 'content-length': '1000' },
    });
    req.on('error', () => {});
    req.write('abc');
    await sleep(30);
    req.destroy();
    await vi.waitFor(() => expect(state.uploadError).toMatch(/abort/i));
  });
});

describe('shutdown', () => {
  it('finishes requests in flight, ends streams with an event, aborts waits, and frees the socket for the next', async () => {
    const [slow, stream] = await Promise.all([open('/slow'), open('/forever')]);
    const waiting = open('/waits');
    await sleep(30);
    const late = open('/slow');
    await sleep(10);
    const closing = server.close();
    expect(await text(stream)).toContain('"code":"UNAVAILABLE"');
    expect(JSON.parse(await text(slow))).toEqual({ data: { done: true } });
    expect(JSON.parse(await text(await late))).toEqual({ data: { done: true } });
    expect(JSON.parse(await text(await waiting))).toEqual({ data: { aborted: true } });
    await closing;
    server = await start();
    expect((await open('/slow')).statusCode).toBe(200);
  });

  it('refuses a socket on which another process listens', async () => {
    await expect(start()).rejects.toThrow(/Another process listens/);
  });
});
