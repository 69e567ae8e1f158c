import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import type { Helper } from '../helper.ts';
import type { Slot } from './addresses.ts';
import type { Ask, Found, Granted, Question, Reply, Verdict } from './dns/protocol.ts';
import { createProgram } from './program.ts';

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
  const { decisions } = options;
  const program = createProgram<Ask, Reply>({
    name: 'name server',
    file: join(import.meta.dirname, 'dns', 'main.ts'),
    helper: options.helper,
    slot: options.slot,
    log: options.log,
    setup: () => ({ setup: { upstream: options.upstream() } }),
    onAsk: async (ask, tell) => {
      if ('question' in ask) tell({ n: ask.n, verdict: decisions.judge(ask.question) });
      if ('found' in ask) tell({ n: ask.n, granted: await decisions.grant(ask.found) });
    },
  });
  return {
    start: program.start,
    setUpstream: (upstream) => program.tell({ setup: { upstream } }),
    close: program.close,
  };
};
