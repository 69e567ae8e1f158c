import { type ChildProcess, spawn } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { answer, type FakeCall } from './call.ts';

interface FakeTerminal {
  readonly id: string;
  readonly child: ChildProcess;
  readonly startedAt: string;
  readonly viewers: Set<Duplex>;
  cols: number;
  rows: number;
  output: Buffer;
  exit: object | null;
}

const SCROLLBACK_BYTES = 256 * 1024;
let count = 0;

const frame = (what: 'd' | 'j', body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(what);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const control = (message: object): Buffer => frame('j', Buffer.from(JSON.stringify(message)));

const view = ({ id, cols, rows, startedAt, viewers }: FakeTerminal) => ({
  ...{ id, cols, rows, startedAt, pid: 1, shell: '/bin/sh', cwd: '/workspace', connections: viewers.size, usedAt: startedAt },
});

/** Reads frames of a viewer: bytes to the shell; a resize is remembered and shown as a line, since there is no real terminal. */
const listen = (terminal: FakeTerminal, socket: Duplex, show: (bytes: Buffer) => void): void => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      const body = rest.subarray(5, end);
      if (rest[0] === 0x64) terminal.child.stdin?.write(body);
      else {
        const { cols, rows } = JSON.parse(body.toString()) as { cols: number; rows: number };
        Object.assign(terminal, { cols, rows });
        show(Buffer.from(`size ${rows} ${cols}\n`));
      }
      rest = rest.subarray(end);
    }
  });
};

/** Terminals without a terminal: a shell on pipes, with scrollback, viewers and its exit code. */
export const createFakeTerminals = (folder: string) => {
  const known = new Map<string, FakeTerminal>();

  const show = (terminal: FakeTerminal, bytes: Buffer): void => {
    terminal.output = Buffer.concat([terminal.output, bytes]).subarray(-SCROLLBACK_BYTES);
    for (const viewer of terminal.viewers) viewer.write(frame('d', bytes));
  };

  const open = ({ cols, rows, env }: { cols: number; rows: number; env?: Record<string, string> }): FakeTerminal => {
    count += 1;
    const child = spawn('/bin/sh', [], { cwd: join(folder, 'workspace'), env: { PATH: process.env.PATH, ...env }, detached: true });
    const terminal: FakeTerminal = {
      id: `trm_${String(count).padStart(26, '0')}`,
      ...{ child, cols, rows, startedAt: new Date().toISOString(), viewers: new Set<Duplex>(), output: Buffer.alloc(0), exit: null },
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => show(terminal, bytes));
    child.stdin?.on('error', () => {});
    child.once('close', (code, signal) => {
      terminal.exit = { type: 'exit', exitCode: code ?? 129, signal: signal?.slice(3) ?? null };
      for (const viewer of terminal.viewers) viewer.end(control(terminal.exit));
    });
    known.set(terminal.id, terminal);
    return terminal;
  };

  const end = ({ child }: FakeTerminal): void => {
    try {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };

  return {
    /** Answers whether the call was one of theirs. */
    handle: ({ method, url, body, response }: FakeCall): boolean => {
      const [root, id = '', action = ''] = url.pathname.slice(1).split('/');
      if (root !== 'terminals') return false;
      const terminal = known.get(id);
      if (id === '') {
        if (method === 'POST') answer(response, 201, view(open(JSON.parse(body.toString('utf8')))));
        else answer(response, 200, { terminals: [...known.values()].filter(({ exit }) => exit === null).map(view) });
      } else if (terminal === undefined) answer(response, 404, { code: 'NOT_FOUND', message: 'There is no such terminal.' });
      else {
        if (action === 'resize') Object.assign(terminal, JSON.parse(body.toString('utf8')));
        if (method === 'DELETE') end(terminal);
        answer(response, 200, view(terminal));
      }
      return true;
    },
    /** Attaches a viewer; answers whether the request asked for that. */
    attach: (request: IncomingMessage, socket: Duplex): boolean => {
      const id = /^\/terminals\/([^/]+)\/attach$/.exec(request.url ?? '')?.[1];
      if (id === undefined) return false;
      const terminal = known.get(id);
      if (terminal === undefined) {
        const text = JSON.stringify({ code: 'NOT_FOUND', message: 'There is no such terminal.' });
        socket.end(`HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
        return true;
      }
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: miosa-terminal\r\n\r\n');
      socket.write(frame('d', terminal.output));
      if (terminal.exit !== null) socket.end(control(terminal.exit));
      terminal.viewers.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => terminal.viewers.delete(socket));
      listen(terminal, socket, (bytes) => show(terminal, bytes));
      return true;
    },
    close: (): void => {
      for (const terminal of known.values()) end(terminal);
    },
  };
};
