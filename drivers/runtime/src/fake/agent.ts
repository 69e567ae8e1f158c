import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answer, type FakeCall } from './call.ts';
import { killGroups, runCommand, streamCommand } from './exec.ts';
import { handleConfined, handleFiles } from './files.ts';
import { createFakeProcesses } from './processes.ts';
import { createFakeTerminals } from './terminals.ts';

export interface FakeAgent {
  /** Frozen: connections are accepted (by the kernel's backlog, in the real one) and wait. */
  setFrozen(frozen: boolean): void;
  close(): Promise<void>;
}

export interface FakeAgentOptions {
  readonly socketPath: string;
  /** Stands for `/` inside. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const bytesOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const tunnel = (request: IncomingMessage, socket: Duplex): void => {
  const port = Number(/^\/tunnel\/(\d+)$/.exec(request.url ?? '')?.[1]);
  const refuse = (): void => {
    const body = JSON.stringify({ code: 'UPSTREAM_UNREACHABLE', message: `Nothing listens on port ${port}.` });
    socket.end(
      `HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    );
  };
  const upstream = connect({ port, host: '127.0.0.1' }, () => {
    upstream.off('error', refuse);
    upstream.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: miosa-tunnel\r\n\r\n');
    socket.pipe(upstream).pipe(socket);
  });
  upstream.once('error', refuse);
  socket.on('error', () => upstream.destroy());
  socket.on('close', () => upstream.destroy());
};

/** The part of the agent protocol that control-plane and edge tests need: health, env, exec (also streamed), files, tunnel; background processes by name only. */
export const startFakeAgent = async ({ socketPath, folder, env }: FakeAgentOptions): Promise<FakeAgent> => {
  let base: Record<string, string> = { ...env };
  let thawed = Promise.resolve();
  let thaw = (): void => {};
  const open = new Set<Socket>();
  const groups = new Set<number>();
  const processes = createFakeProcesses();
  const terminals = createFakeTerminals(folder);
  const handle = async ({ method, url, body, response }: FakeCall): Promise<void> => {
    const json = () => JSON.parse(body.toString('utf8'));
    const route = `${method} ${url.pathname}`;
    if (route === 'GET /health') return answer(response, 200, { ok: true, version: 'fake' });
    if (route === 'PUT /env') {
      base = json().vars;
      return answer(response, 200, {});
    }
    if (route === 'POST /tidy') return answer(response, 200, {}); // its folder has nothing of the kind
    if (route === 'POST /exec') return answer(response, 200, await runCommand(json(), { folder, env: base, groups }));
    if (route === 'POST /exec/stream') return streamCommand(json(), { folder, env: base, groups }, response);
    if (route === 'GET /ports') return answer(response, 200, { ports: [] });
    if (processes({ method, url, body, response }) || terminals.handle({ method, url, body, response })) return;
    if (url.pathname.startsWith('/files')) return handleFiles({ method, url, body, response }, folder);
    if (url.pathname.startsWith('/confined/files')) return handleConfined({ method, url, body, response }, folder);
    return answer(response, 404, { code: 'NOT_FOUND', message: `The fake agent has no ${route}.` });
  };
  const server = createServer((request, response) => {
    bytesOf(request)
      .then(async (body) => {
        await thawed;
        await handle({ method: request.method ?? 'GET', url: new URL(request.url ?? '/', 'http://agent'), body, response });
      })
      .catch((error: NodeJS.ErrnoException) =>
        // What the file system refuses is the caller's mistake.
        error.errno === undefined
          ? answer(response, 500, { code: 'INTERNAL', message: error.message })
          : answer(response, 422, { code: 'VALIDATION_ERROR', message: `The file system refuses it: ${error.code}.` }),
      );
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    thawed.then(() => terminals.attach(request, socket) || tunnel(request, socket));
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socketPath, resolve);
  });
  return {
    setFrozen: (frozen) => {
      thaw();
      if (frozen)
        thawed = new Promise((resolve) => {
          thaw = resolve;
        });
    },
    close: async () => {
      thaw();
      killGroups(groups);
      terminals.close();
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(socketPath, { force: true });
    },
  };
};
