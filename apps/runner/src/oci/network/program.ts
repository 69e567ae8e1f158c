import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '@miosa/kernel';
import type { Helper } from '../helper.ts';
import type { Slot } from './addresses.ts';

const READY_WITHIN_MS = 10_000;
const AGAIN_AFTER_MS = 250;

export interface ProgramOptions<Ask, Reply> {
  /** For the log. */
  readonly name: string;
  /** A TypeScript file; it says `{ ready: true }` when it serves. */
  readonly file: string;
  readonly nodeOptions?: readonly string[];
  readonly helper: Helper;
  /** It runs in the namespace of this slot. */
  readonly slot: Slot;
  /** What it is told first. */
  readonly setup: () => Reply;
  readonly onAsk: (ask: Ask, tell: (reply: Reply) => void) => Promise<void>;
  readonly log: Log;
}

export interface Program<Reply> {
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** Nothing when it does not run: what it must know is in `setup`. */
  tell(reply: Reply): void;
  close(): Promise<void>;
}

/**
 * A helper process of this installation that reads what sandboxes send: in a network namespace of its own, without rights, speaking JSON
 * lines with the runner, which decides. It is started again whenever it ends; until then what it serves is refused.
 */
export const createProgram = <Ask extends object, Reply extends object>(options: ProgramOptions<Ask, Reply>): Program<Reply> => {
  const { name, helper, slot, log } = options;
  let child: ChildProcess | null = null;
  let started: Promise<void> | null = null;
  let closing = false;

  const tell = (reply: Reply): void => void child?.stdin?.write(`${JSON.stringify(reply)}\n`);
  const prepare = async (): Promise<string> => {
    await helper.call('links.destroy', { names: [slot.link] });
    await helper.call('slots.drop', { index: slot.index });
    await helper.call('slots.make', { slots: [slot] });
    const { network } = await helper.call<{ network: string }>('slots.network', { index: slot.index });
    return network;
  };
  const again = (): void => {
    if (closing) return;
    setTimeout(() => {
      start().catch((error: unknown) => {
        log.error({ err: error }, `${name} could not be started`);
        again();
      });
    }, AGAIN_AFTER_MS).unref();
  };
  const run = async (): Promise<void> => {
    const network = await prepare();
    await new Promise<void>((resolve, reject) => {
      const program = [process.execPath, ...(options.nodeOptions ?? []), options.file];
      const args = [`--net=${network}`, '--', 'setpriv', '--no-new-privs', '--', ...program];
      const server = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env.PATH } });
      const timer = setTimeout(() => server.kill('SIGKILL'), READY_WITHIN_MS);
      let isReady = false;
      child = server;
      server.stdin.on('error', () => {}); // its exit is reported below
      server.once('error', reject);
      server.once('exit', (code, signal) => {
        clearTimeout(timer);
        child = null;
        started = null;
        reject(new Error(`${name} ended (${signal ?? code})`));
        if (!isReady || closing) return;
        log.error({ code, signal }, `${name} ended; it is started again`);
        again();
      });
      createInterface({ input: server.stdout }).on('line', (line) => {
        const ask = JSON.parse(line) as Ask;
        if ('ready' in ask) {
          clearTimeout(timer);
          isReady = true;
          tell(options.setup());
          resolve();
        } else options.onAsk(ask, tell).catch((error: unknown) => log.error({ err: error }, `${name}: a question has no answer`));
      });
    });
  };
  const start = (): Promise<void> => {
    if (closing) return Promise.reject(new Error('the runner ends'));
    started ??= run().catch((error: unknown) => {
      started = null;
      throw error;
    });
    return started;
  };
  return {
    start,
    tell,
    close: async () => {
      closing = true;
      await started?.catch(() => {});
      const last = child;
      if (last !== null) {
        const gone = new Promise<void>((resolve) => {
          last.once('exit', () => resolve());
        });
        last.stdin?.end();
        await gone;
      }
      await helper.call('slots.drop', { index: slot.index });
    },
  };
};
