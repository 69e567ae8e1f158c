import '../testClean.ts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { GoneError, Miosa } from '../index.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers one connection after the other, each in its own way. */
const serve = async (...answers: Answer[]) => {
  const positions: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    positions.push(request.headers['last-event-id'] as string | undefined);
    answers[Math.min(positions.length, answers.length) - 1]?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  return { miosa: new Miosa({ apiKey: 'msk_test_1', baseUrl }), positions };
};

const frame = (id: string) =>
  `event: sandbox.paused\nid: ${id}\ndata: ${JSON.stringify({ type: 'sandbox.paused', id, created_at: 'now' })}\n\n`;
const says =
  (text: string, end: 'open' | 'close' | 'break' = 'close'): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => {
      if (end === 'close') response.end();
      if (end === 'break') response.destroy();
    });
  };

const take = async (stream: AsyncIterable<{ readonly id: string }>, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of stream) if (ids.push(id) === count) break;
  return ids;
};

it('goes on after the last whole event, over closed and broken connections', async () => {
  const { miosa, positions } = await serve(
    says(`id: evt_0\n\n${frame('evt_1')}`),
    says(`${frame('evt_2')}event: sandbox.paused\nid: evt_3\ndata: {"cut`, 'break'),
    says(frame('evt_3'), 'open'),
  );
  expect(await take(miosa.events.stream({ types: ['sandbox.*'] }), 3)).toEqual(['evt_1', 'evt_2', 'evt_3']);
  expect(positions).toEqual([undefined, 'evt_1', 'evt_2']);
});

it('goes on from its position when it was cut off before the first event', async () => {
  const { miosa, positions } = await serve(says('id: evt_0\n\n'), says(frame('evt_1'), 'open'));
  await take(miosa.events.stream(), 1);
  expect(positions).toEqual([undefined, 'evt_0']);
});

it('says that a position is too old instead of beginning anew', async () => {
  const { miosa } = await serve((_request, response) => {
    response.writeHead(410, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'GONE', message: 'too old', request_id: 'req_1' } }));
  });
  await expect(take(miosa.events.stream({ lastEventId: 'evt_0' }), 1)).rejects.toBeInstanceOf(GoneError);
});

it('ends the stream of a sandbox with its destruction', async () => {
  const last = frame('evt_2').replaceAll('sandbox.paused', 'sandbox.destroyed');
  const { miosa, positions } = await serve(says(frame('evt_1') + last, 'open'));
  expect(await take(miosa.sandboxes.events('sbx_1'), 100)).toEqual(['evt_1', 'evt_2']);
  expect(positions.length).toBe(1);
});

it('stops when it is told to', async () => {
  const { miosa } = await serve(says('id: evt_0\n\n', 'open'));
  const stop = new AbortController();
  const reading = take(miosa.events.stream({ signal: stop.signal }), 1);
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(reading).rejects.toThrow('enough');
});
