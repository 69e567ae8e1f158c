import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
let folder: string;
let id: string;
beforeAll(async () => {
  world = await createWorld();
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  await world.server.listen(join(folder, 's'));
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  id = (await world.create()).id;
});

interface View {
  readonly socket: WebSocket;
  readonly text: () => string;
  readonly texts: unknown[];
  readonly closed: Promise<number>;
  until(what: string): Promise<void>;
}

const viewOf = (socket: WebSocket): View => {
  let text = '';
  const texts: unknown[] = [];
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) text += data.toString();
    else texts.push(JSON.parse(data.toString()));
  });
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => {
    socket.once('close', resolve);
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
  return {
    socket,
    text: () => text,
    texts,
    closed,
    until: (what) => expect.poll(() => text, { timeout: 5000, interval: 5 }).toContain(what),
  };
};

const connect = (path: string, headers: Record<string, string> = {}): View =>
  viewOf(new WebSocket(`ws+unix://${join(folder, 's')}:${path}`, { headers }));

const open = async (body: object = {}): Promise<{ id: string; path: string }> => {
  const { status, body: answer } = await world.call('POST', `/sandboxes/${id}/terminal`, body);
  expect([status, answer.data]).toEqual([
    201,
    {
      id: expect.stringMatching(/^trm_/),
      ws_url: expect.stringMatching(/^wss:\/\/api\.miosa\.localhost:8443\/api\/v1\//),
      expires_at: expect.any(String),
    },
  ]);
  const url = new URL(answer.data.ws_url);
  return { id: answer.data.id, path: url.pathname + url.search };
};

test('bytes go both ways, a resize goes in, the exit code comes out before the close', async () => {
  const { path } = await open();
  const view = connect(path);
  await once(view.socket, 'open');
  view.socket.send(Buffer.from('echo one $((1+1))\n'));
  await view.until('one 2');
  view.socket.send(JSON.stringify({ type: 'resize', cols: 120, rows: 40 }));
  await view.until('size 40 120');
  view.socket.send(Buffer.from('exit 7\n'));
  expect(await view.closed).toBe(1000);
  expect(view.texts).toEqual([{ type: 'exit', exit_code: 7, signal: null }]);
});

test('a ticket is good for one connection, and for its own terminal', async () => {
  const [first, second] = [await open(), await open()];
  const ticket = first.path.slice(first.path.indexOf('?'));
  expect(await connect(second.path.split('?')[0] + ticket).closed).toBe(401);
  await once(connect(first.path).socket, 'open');
  expect(await connect(first.path).closed).toBe(401);
});

test('who comes back sees what was, and two see the same', async () => {
  const { id: terminal, path } = await open();
  const first = connect(path);
  await once(first.socket, 'open');
  first.socket.send(Buffer.from('echo be$((1))fore\n'));
  await first.until('be1fore');
  first.socket.close();
  const [second, third] = [connect((await open({ id: terminal })).path), connect((await open({ id: terminal, cols: 99 })).path)];
  await second.until('be1fore');
  await third.until('be1fore');
  second.socket.send(Buffer.from('echo af$((1))ter\n'));
  await Promise.all([second.until('af1ter'), third.until('af1ter')]);
  const { body } = await world.call('GET', `/sandboxes/${id}/terminal`);
  expect(body.data).toEqual([expect.objectContaining({ id: terminal, cols: 99, connections: 2, shell: '/bin/sh' })]);
});

test('an ended terminal takes its viewers with it and is gone from the list', async () => {
  const { id: terminal, path } = await open();
  const view = connect(path);
  await once(view.socket, 'open');
  expect((await world.call('DELETE', `/sandboxes/${id}/terminal/${terminal}`)).body.data).toEqual({ id: terminal, deleted: true });
  expect([await view.closed, view.texts]).toEqual([1000, [expect.objectContaining({ type: 'exit', signal: 'KILL' })]]);
  expect((await world.call('GET', `/sandboxes/${id}/terminal`)).body.data).toEqual([]);
});

test.each([
  [{ cols: 0 }, 422],
  [{ rows: 1001 }, 422],
  [{ id: 'trm_00000000000000000000000zzz' }, 404],
  [{ id: '../../exec' }, 404],
  [{ id: 'trm_00000000000000000000000000', shell: '/bin/sh' }, 422],
])('%j is refused', async (body, status) => {
  expect((await world.call('POST', `/sandboxes/${id}/terminal`, body)).status).toBe(status);
});

test('another organization’s sandbox and terminal do not exist', async () => {
  const { id: terminal } = await open();
  const stranger = world.actor({ tenantId: await world.tenant('Other') });
  expect((await world.call('POST', `/sandboxes/${id}/terminal`, {}, { as: stranger })).status).toBe(404);
  const headers = { authorization: `Bearer ${stranger}` };
  expect(await connect(`/api/v1/sandboxes/${id}/terminal/${terminal}/connect`, headers).closed).toBe(404);
  const other = (await world.create()).id;
  const mine = { authorization: `Bearer ${world.actor({})}` };
  expect(await connect(`/api/v1/sandboxes/${other}/terminal/trm_${'z'.repeat(26)}/connect`, mine).closed).toBe(404);
});

test('a frame that is no resize closes with bad frame', async () => {
  for (const text of ['x', '{"type":"resize","cols":0,"rows":1}', '{"type":"else"}']) {
    const view = connect((await open()).path);
    await once(view.socket, 'open');
    view.socket.send(text);
    expect(await view.closed).toBe(4400);
  }
});

test('a pause, a destroy and the end of the credential close with their codes', async () => {
  const paused = connect((await open()).path);
  await once(paused.socket, 'open');
  await world.call('POST', `/sandboxes/${id}/pause`);
  expect(await paused.closed).toBe(4409);
  const destroyed = connect((await open()).path);
  await once(destroyed.socket, 'open');
  await world.call('DELETE', `/sandboxes/${id}`);
  expect(await destroyed.closed).toBe(4404);
  id = (await world.create()).id;
  const revoked = connect((await open()).path);
  await once(revoked.socket, 'open');
  world.endCredentials();
  expect(await revoked.closed).toBe(4401);
});

test('opening one wakes a paused sandbox', async () => {
  await world.call('POST', `/sandboxes/${id}/pause`);
  const view = connect((await open()).path);
  await once(view.socket, 'open');
  expect((await world.call('GET', `/sandboxes/${id}`)).body.data.state).toBe('running');
});

test('typing counts as activity, looking does not', async () => {
  const view = connect((await open()).path);
  await once(view.socket, 'open');
  const last = async () => {
    await world.core.activity.flush();
    return (await world.call('GET', `/sandboxes/${id}`)).body.data.last_activity_at as string;
  };
  const before = await last();
  world.advance(60_000);
  view.socket.send(JSON.stringify({ type: 'resize', cols: 1, rows: 1 }));
  await view.until('size 1 1');
  expect(await last()).toBe(before);
  view.socket.send(Buffer.from('echo x\n'));
  await view.until('x\n');
  expect((await last()) > before).toBe(true);
});

test('opening and ending are audited, without what was typed', async () => {
  const { id: terminal } = await open({ env: { SECRET: 'hunter2' } });
  await world.call('DELETE', `/sandboxes/${id}/terminal/${terminal}`);
  const entries = await world.core.db.read.selectFrom('audit_entries').selectAll().where('resource_id', '=', id).execute();
  expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['sandboxes.terminal.create', 'sandboxes.terminal.delete']));
  expect(JSON.stringify(entries)).not.toContain('hunter2');
});

test('a tunnel carries a connection to a port inside, whose end is its end, and half-closes', async () => {
  const app = createTcpServer({ allowHalfOpen: true }, (socket) => {
    let got = '';
    socket.on('data', (data) => {
      got += String(data);
    });
    socket.on('end', () => socket.end(`got ${got}`));
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  const headers = { authorization: `Bearer ${world.actor({})}` };
  const view = connect(`/api/v1/sandboxes/${id}/tunnel/${port}`, headers);
  await once(view.socket, 'open');
  view.socket.send(Buffer.from('hello'));
  view.socket.send('{"type":"end"}');
  expect([await view.closed, view.text()]).toEqual([1000, 'got hello']);
  app.close();
  await once(app, 'close');
  expect(await connect(`/api/v1/sandboxes/${id}/tunnel/${port}`, headers).closed).toBe(502);
  for (const bad of ['0', '65536', '080', 'x'])
    expect([bad, await connect(`/api/v1/sandboxes/${id}/tunnel/${bad}`, headers).closed]).toEqual([bad, 404]);
});
