import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import type { Helper } from '../../helper.ts';
import type { Slot } from '../addresses.ts';
import { createProgram } from '../program.ts';
import type { Ask, Reply, Setup } from './protocol.ts';
import type { Secrets } from './secrets.ts';

/** Its heap, however many connections are slow. */
const HEAP_MIB = 256;

/** Keeps the egress proxy process of this installation running. Without it hosts with brokered secrets cannot be reached. */
export const createEgressProxy = (options: {
  readonly helper: Helper;
  readonly slot: Slot;
  readonly secrets: Pick<Secrets, 'open' | 'reach'>;
  readonly setup: () => Setup;
  readonly log: Log;
}) => {
  const { secrets } = options;
  const program = createProgram<Ask, Reply>({
    name: 'egress proxy',
    file: join(import.meta.dirname, 'main.ts'),
    nodeOptions: [`--max-old-space-size=${HEAP_MIB}`],
    helper: options.helper,
    slot: options.slot,
    log: options.log,
    setup: () => ({ setup: options.setup() }),
    onAsk: async (ask, tell) => {
      if ('opening' in ask) {
        const opened = await secrets.open(ask.opening).catch(() => null);
        tell({ n: ask.n, opened });
      }
      if ('reaching' in ask) tell({ n: ask.n, addresses: secrets.reach(ask.reaching) });
    },
  });
  return {
    start: program.start,
    /** Where names are asked for from now. */
    renew: (): void => program.tell({ setup: options.setup() }),
    /** Ends the connections of a sandbox whose secrets or policy have changed. */
    drop: (address: string): void => program.tell({ drop: address }),
    close: program.close,
  };
};
