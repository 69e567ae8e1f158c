import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Log } from '@miosa/kernel';
import type { Helper } from '../helper.ts';
import type { Slot } from './addresses.ts';
import type { Ask, Found, Granted, Question, Reply, Verdict } from './dns/protocol.ts';

const PROGRAM = join(import.meta.dirname, 'dns', 'main.ts');
const READY_WITHIN_MS = 10_000;
const AGAIN_AFTER_MS = 250;

export interface Decisions {
  judge(question: Question): Verdict;
  grant(found: Found): Promise<Granted>;
}

export interface NameServer {
  /** Resolves when it answers. Starts with the first sandbox that has a policy. */
  start(): Promise<void>;
  /** Where questions go on from now. */
  setUpstream(upstream: string | null): void;
  close(): Promise<void>;
}

/** Keeps the name server process of this installation running. Without it names do not resolve in sandboxes that have a policy. */
export const createNameServer = (options: {
  readonly helper: Helper;
  readonly slot: Slot;
  readonly decisions: Decisions;
  readonly upstream: () => string | null;
  readonly log: Log;
}): NameServer => {
  const { helper, slot, decisions, log } = options;
  let child: ChildProcess | null = null;
  let started: Promise<void> | null = null;
  let closing = false;

  const tell = (reply: Reply): void => void child?.stdin?.write(`${JSON.stringify(reply)}\n`);
  const answer = async (ask: Ask): Promise<void> => {
    if ('question' in ask) tell({ n: ask.n, verdict: decisions.judge(ask.question) });
    if ('found' in ask) tell({ n: ask.n, granted: await decisions.grant(ask.found) });
  };

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
        log.error({ err: error }, 'name server could not be started');
        again();
      });
    }, AGAIN_AFTER_MS).unref();
  };
  const run = async (): Promise<void> => {
    const network = await prepare();
    await new Promise<void>((resolve, reject) => {
      const args = [`--net=${network}`, '--', 'setpriv', '--no-new-privs', '--', process.execPath, PROGRAM];
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
        reject(new Error(`the name server ended (${signal ?? code})`));
        if (!isReady || closing) return;
        log.error({ code, signal }, 'name server ended; it is started again');
        again();
      });
      createInterface({ input: server.stdout }).on('line', (line) => {
        const ask = JSON.parse(line) as Ask;
        if ('ready' in ask) {
          clearTimeout(timer);
          isReady = true;
          tell({ setup: { upstream: options.upstream() } });
          resolve();
        } else answer(ask).catch((error: unknown) => log.error({ err: error }, 'a name could not be judged'));
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
    setUpstream: (upstream) => tell({ setup: { upstream } }),
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
