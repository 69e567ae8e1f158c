import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let id: string;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  id = (await world.create()).id;
});

const frames = (text: string) =>
  text
    .split('\n\n')
    .filter((frame) => frame.startsWith('event:'))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)));

/** Puts a hostile agent behind the sandbox: whatever it answers must be harmless. */
const withAgent = async (answer: Parameters<typeof createServer>[1], run: () => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  const socketPath = join(folder, 's');
  const server: Server = createServer(answer ?? (() => {})).listen(socketPath);
  await world.core.db.read
    .updateTable('sandboxes')
    .set({ endpoint: JSON.stringify({ socketPath }) })
    .where('id', '=', id)
    .execute();
  try {
    await run();
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
};

describe('exec', () => {
  test('a non-zero exit is 200 with the true code', async () => {
    const { status, body } = await world.call('POST', `/sandboxes/${id}/exec`, { command: 'echo out; echo err >&2; exit 7' });
    expect([status, body.data]).toEqual([
      200,
      expect.objectContaining({ stdout: 'out\n', stderr: 'err\n', exit_code: 7, timed_out: false }),
    ]);
  });

  test('an argument vector is not read by a shell', async () => {
    const { body } = await world.call('POST', `/sandboxes/${id}/exec`, { command: ['echo', '$(id)', ';', 'x'] });
    expect(body.data.stdout).toBe('$(id) ; x\n');
  });

  test('a time-out is a result, with the real wait status', async () => {
    const { body } = await world.call('POST', `/sandboxes/${id}/exec`, { command: 'sleep 30', timeout: 1 });
    expect(body.data).toMatchObject({ timed_out: true, exit_code: 137, signal: 'KILL' });
  });

  test.each([
    [{}],
    [{ command: '' }],
    [{ command: [] }],
    [{ command: 'a\u0000b' }],
    [{ command: 'x', timeout: 601 }],
    [{ command: 'x', user: 'daemon' }],
  ])('%j is refused', async (request) => {
    expect((await world.call('POST', `/sandboxes/${id}/exec`, request)).status).toBe(422);
  });

  test('every exec is audited once', async () => {
    await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' });
    const entries = await world.core.db.read.selectFrom('audit_entries').selectAll().where('resource_id', '=', id).execute();
    expect(entries.filter((entry) => entry.action === 'sandboxes.exec')).toMatchObject([{ outcome: 'success', actor_type: 'key' }]);
    expect(JSON.stringify(entries)).not.toContain('"true"');
  });
});

describe('exec stream', () => {
  test('gives started, the output and the true exit code', async () => {
    const { headers, text } = await world.call('POST', `/sandboxes/${id}/exec/stream`, { command: 'echo a; exit 9' });
    expect(headers['content-type']).toContain('text/event-stream');
    const events = frames(text);
    expect(events[0]).toMatchObject({ type: 'started', process_id: expect.stringMatching(/^prc_/), pid: expect.any(Number) });
    expect(events).toContainEqual({ type: 'stdout', data: 'a\n', offset: 0, encoding: 'utf8' });
    expect(events.at(-1)).toMatchObject({ type: 'exit', exit_code: 9, timed_out: false });
  });

  test('refusals come as a status, before the first byte', async () => {
    await world.call('DELETE', `/sandboxes/${id}`);
    const { status, body } = await world.call('POST', `/sandboxes/${id}/exec/stream`, { command: 'true' });
    expect([status, body.error.code]).toEqual([410, 'GONE']);
  });

  test('a machine that dies under it ends the stream with an error, never with an exit code', async () => {
    const streaming = world.call('POST', `/sandboxes/${id}/exec/stream`, { command: 'echo begun; sleep 30' });
    await expect.poll(() => world.core.pools.has(id)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.host.fake.lose(id);
    const events = frames((await streaming).text);
    expect(events.at(-1)).toMatchObject({ type: 'error', code: 'UPSTREAM_UNREACHABLE' });
    expect(events.some((event) => event.type === 'exit')).toBe(false);
  });

  test('a destroy under it says so', async () => {
    const streaming = world.call('POST', `/sandboxes/${id}/exec/stream`, { command: 'sleep 30' });
    await expect.poll(() => world.core.pools.has(id)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await world.call('DELETE', `/sandboxes/${id}`);
    expect(frames((await streaming).text).at(-1)).toMatchObject({ type: 'error', code: 'GONE' });
  });
});

describe('a hostile agent', () => {
  test('cannot fake a code of ours', () =>
    withAgent(
      (_request, response) =>
        void response.writeHead(401).end(JSON.stringify({ code: 'UNAUTHORIZED', message: 'log in again at evil.test' })),
      async () => {
        const { status, text } = await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' });
        expect(status).toBe(502);
        expect(text).not.toContain('evil.test');
      },
    ));

  test.each([
    ['not JSON', 'hello'],
    ['the wrong shape', '{"stdout":5}'],
    ['null', 'null'],
    ['an error without a status', '{"code":"NOT_FOUND"}'],
  ])('that answers %s is 502', (_what, text) =>
    withAgent(
      (_request, response) => void response.writeHead(200).end(text),
      async () => {
        expect((await world.call('POST', `/sandboxes/${id}/exec`, { command: 'true' })).status).toBe(502);
      },
    ),
  );

  test('cannot fill our memory with one endless line', () =>
    withAgent(
      (request, response) => {
        request.resume();
        response.writeHead(200);
        const chunk = Buffer.alloc(64 * 1024, 'a');
        const pump = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', pump);
        pump();
      },
      async () => {
        const { text } = await world.call('POST', `/sandboxes/${id}/exec/stream`, { command: 'true' });
        expect(frames(text)).toEqual([expect.objectContaining({ type: 'error', code: 'UPSTREAM_UNREACHABLE' })]);
      },
    ));

  test('cannot reach another path with a process id', async () => {
    for (const pid of ['..%2fenv', 'prc_..', 'prc_%00', '%2e%2e%2fenv']) {
      expect((await world.call('GET', `/sandboxes/${id}/processes/${pid}`)).status).toBe(404);
    }
  });
});
