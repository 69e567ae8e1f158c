import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ExecEvent, Miosa } from '../index.ts';
import { failure, json, type Step, sseOf, startServer } from '../testServer.ts';

const started = { type: 'started', process_id: 'prc_1', pid: 7 };
const out = (data: string, offset: number) => ({ type: 'stdout', data, offset, encoding: 'utf8' });
const exit = { type: 'exit', exit_code: 3, signal: null, duration_ms: 5, timed_out: false };

const stream =
  (text: string, end: (response: ServerResponse) => void = (response) => response.end()): Step =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => end(response));
  };
const cut = (response: ServerResponse): void => void setImmediate(() => response.destroy());

const collect = async (events: AsyncIterable<ExecEvent>): Promise<ExecEvent[]> => {
  const all: ExecEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
};
const sandboxAt = async (url: string) => new Miosa({ baseUrl: url, apiKey: 'msk_test_1' }).sandboxes.get('sbx_1');
const sandbox = json(200, { data: { id: 'sbx_1' } });

afterEach(() => vi.restoreAllMocks());

describe('exec', () => {
  it('returns a non-zero exit code as a result', async () => {
    await using server = await startServer(sandbox, json(200, { data: { stdout: '', stderr: 'no', exit_code: 3, timed_out: false } }));
    const result = await (await sandboxAt(server.url)).exec(['false'], { cwd: '/tmp', timeout: 5 });
    expect(result).toMatchObject({ exitCode: 3, timedOut: false });
    expect(JSON.parse(server.requests[1]?.body ?? '')).toEqual({ command: ['false'], cwd: '/tmp', timeout: 5 });
  });
});

describe('exec.stream', () => {
  it('yields the events of the command up to its true exit code', async () => {
    await using server = await startServer(sandbox, stream(sseOf(started, out('v22\n', 0), exit)));
    const events = await collect((await sandboxAt(server.url)).exec.stream('node -v'));
    expect(events.map((event) => event.type)).toEqual(['started', 'stdout', 'exit']);
    expect(events[0]).toMatchObject({ processId: 'prc_1' });
    expect(events[2]).toMatchObject({ exitCode: 3 });
  });

  it('goes on at the byte where a dropped connection stopped, without loss or repetition', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await using server = await startServer(
      sandbox,
      stream(sseOf(started, out('Zähne', 0)), cut),
      failure(502, 'UPSTREAM_UNREACHABLE'),
      stream(sseOf(started, out(' weg', 6), exit)),
    );
    const events = await collect((await sandboxAt(server.url)).exec.stream('x'));
    expect(events.map((event) => ('data' in event ? event.data : event.type))).toEqual(['started', 'Zähne', ' weg', 'exit']);
    expect(server.requests.slice(2).map((request) => `${request.method} ${request.url}`)).toEqual([
      'GET /api/v1/sandboxes/sbx_1/processes/prc_1/stream?offset=6',
      'GET /api/v1/sandboxes/sbx_1/processes/prc_1/stream?offset=6',
    ]);
  });

  it('takes an end without exit event for a lost connection, never for success', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await using server = await startServer(sandbox, stream(sseOf(started)), stream(''));
    const promise = collect((await sandboxAt(server.url)).exec.stream('x', { maxRetries: 1 }));
    await expect(promise).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('does not start the command again when it is unclear whether it runs', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await using server = await startServer(sandbox, stream('', cut));
    await expect(collect((await sandboxAt(server.url)).exec.stream('x'))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(server.requests.filter((request) => request.method === 'POST')).toHaveLength(1);
  });

  it('throws what the stream reports', async () => {
    await using server = await startServer(
      sandbox,
      stream(sseOf(started, { type: 'error', code: 'UNAUTHORIZED', message: 'The key was revoked.' })),
    );
    await expect(collect((await sandboxAt(server.url)).exec.stream('x'))).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
  });

  it('closes the connection when the loop is left', async () => {
    const closed = new Promise<void>((resolve) => {
      void startServer(sandbox, (response) => {
        response.once('close', resolve);
        stream(sseOf(started), () => undefined)(response, { method: '', url: '', headers: {}, body: '' });
      }).then(async (server) => {
        for await (const _event of (await sandboxAt(server.url)).exec.stream('sleep 9')) break;
        await closed;
        await server.close();
      });
    });
    await closed;
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    await using server = await startServer(
      sandbox,
      stream(sseOf(started), () => undefined),
    );
    const run = async () => {
      for await (const _event of (await sandboxAt(server.url)).exec.stream('x', { signal: controller.signal }))
        controller.abort(new Error('enough'));
    };
    await expect(run()).rejects.toThrow('enough');
  });
});

it('follows a process from an offset', async () => {
  await using server = await startServer(sandbox, stream(sseOf(started, out('b', 1), exit)));
  const events = await collect((await sandboxAt(server.url)).processes.stream('prc_1', { offset: 1 }));
  expect(events).toHaveLength(3);
  expect(server.requests[1]?.url).toBe('/api/v1/sandboxes/sbx_1/processes/prc_1/stream?offset=1');
});
