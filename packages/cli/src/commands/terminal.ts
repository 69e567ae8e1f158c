import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Terminal, TerminalOptions } from '@miosa/sdk';
import type { Command } from 'commander';
import { type Context, leaf, pairs } from '../context.ts';
import { UserError } from '../failure.ts';
import type { Io } from '../io.ts';
import { sandboxId } from '../names.ts';
import { printable } from '../output.ts';
import type { Register } from '../run.ts';

interface ConnectOptions {
  readonly terminal?: string;
  readonly shell?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Ctrl-], as telnet has it: no shell or editor uses it. */
const DETACH = 0x1d;
const END_OF_INPUT = '\x04';
/** RIS: what a lost connection left on the screen goes before the scrollback comes. */
const RESET_SCREEN = '\x1bc';

/** Passes on what is typed until the returned function is called; `detach` when the detach key is met. */
const passInput = ({ stdin, tty }: Io, terminal: Terminal, detach: () => void): (() => void) => {
  const onData = (chunk: Uint8Array | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const at = tty === undefined ? -1 : bytes.indexOf(DETACH);
    terminal.write(at === -1 ? bytes : bytes.subarray(0, at));
    if (at !== -1) detach();
  };
  const onEnd = (): void => terminal.write(END_OF_INPUT);
  tty?.setRaw(true);
  stdin.on('data', onData).once('end', onEnd);
  stdin.resume();
  const stopResizing = tty?.onResize(({ cols, rows }) => terminal.resize(cols, rows));
  return () => {
    stopResizing?.();
    stdin.off('data', onData).off('end', onEnd);
    stdin.pause();
    tty?.setRaw(false);
  };
};

const connect = async ({ miosa, options, io, output }: Context<ConnectOptions>, name: string): Promise<number> => {
  const id = await sandboxId(miosa, name);
  let terminal: Terminal | undefined;
  const settings: TerminalOptions = {
    ...(options.terminal === undefined ? {} : { id: options.terminal }),
    ...(options.shell === undefined ? {} : { shell: options.shell }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...io.tty?.size(),
    onData: (bytes) => {
      io.out(bytes);
      terminal?.pause();
      io.drained().then(() => terminal?.resume());
    },
    onReset: () => io.out(RESET_SCREEN),
  };
  terminal = await miosa.sandboxes.terminal.open(id, settings);
  if (io.tty !== undefined) output.progress('Connected. Ctrl-] detaches and leaves it running.');
  const open = terminal;
  const release = passInput(io, open, () => open.close());
  try {
    const ended = await open.ended;
    if (ended !== null) return ended.exitCode;
  } finally {
    release();
    await io.drained();
  }
  output.progress(`\nDetached. To come back: miosa sandboxes connect ${name} --terminal ${open.id}`);
  return 0;
};

const portOf = (text: string): number => {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new UserError(`"${text}" is not a port. Example: miosa forward my-sandbox 8080:5432`);
  return port;
};

/** Listens on this machine only, until Ctrl-C. Each connection gets a tunnel of its own. */
const forward = async ({ miosa, io, output }: Context<object>, name: string, ports: string): Promise<number | undefined> => {
  const [local = '', remote = local] = ports.split(':');
  const [from, to] = [portOf(local), portOf(remote)];
  const id = await sandboxId(miosa, name);
  const open = new Set<Socket>();
  const serve = async (socket: Socket): Promise<void> => {
    open.add(socket);
    try {
      const { readable, writable } = await miosa.sandboxes.tunnel(id, to);
      await pipeline(socket, Duplex.fromWeb({ readable, writable } as never), socket);
    } catch (error) {
      output.progress(`A connection ended: ${printable(error instanceof Error ? error.message : String(error))}`);
    } finally {
      open.delete(socket);
      socket.destroy();
    }
  };
  // A visitor that has sent all it wants still waits for its answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket));
  server.listen(from, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`Port ${from} cannot be listened on here (${error.code}). Choose another: miosa forward ${name} <local>:${to}`);
  });
  output.progress(`127.0.0.1:${from} leads to port ${to} of ${name}. Ctrl-C ends it.`);
  const release = io.onInterrupt(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  await once(server, 'close');
  release();
  return undefined;
};

const terminals = async ({ miosa, options, output }: Context<{ end?: string }>, name: string): Promise<undefined> => {
  const id = await sandboxId(miosa, name);
  if (options.end !== undefined) {
    const done = await miosa.sandboxes.terminal.delete(id, options.end);
    return output.result(done, done.id, `${done.id} has ended.`) as undefined;
  }
  const all = await miosa.sandboxes.terminal.list(id).all();
  return output.list(
    all,
    ['ID', 'SHELL', 'FOLDER', 'SIZE', 'CONNECTIONS', 'LAST USED'],
    (one) => [one.id, one.shell, one.cwd, `${one.cols}x${one.rows}`, one.connections, one.lastActivityAt],
    'No terminal is open. Open one with "miosa sandboxes connect".',
  ) as undefined;
};

const connectTo = (parent: Command, word: string): Command =>
  parent
    .command(`${word} <sandbox>`)
    .description('a terminal in the sandbox; exits with the exit code of its shell')
    .option('--terminal <id>', 'come back to an open one')
    .option('--shell <program>', "default: the user's")
    .option('--cwd <folder>', 'default /workspace')
    .option('-e, --env <NAME=VALUE>', 'environment variable, repeatable', pairs);

export const connectCommand: Register = (parent, io, setExitCode) => {
  for (const word of ['connect', 'shell']) leaf(connectTo(parent, word), io, setExitCode, connect);
};

export const forwardCommand: Register = (parent, io, setExitCode) => {
  const command = parent.command('forward <sandbox> <port>').description('a port inside on this machine: <port> or <local>:<inside>');
  leaf(command, io, setExitCode, forward);
};

export const terminalsCommand: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('terminals <sandbox>')
    .description('open terminals')
    .option('--end <terminal>', 'end one and all that runs in it');
  leaf(command, io, setExitCode, terminals);
};
