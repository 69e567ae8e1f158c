import { Fault, type Log } from '@miosa/kernel';
import type { RunnerConfig } from '../../config.ts';
import { containerTier } from './container.ts';
import { gvisorTier } from './gvisor.ts';
import type { Isolation, Tier } from './tier.ts';

export interface AbsentTier {
  readonly isolation: Isolation;
  readonly reason: string;
}

export interface Tiers {
  /** Begins to find out what this host can do; what needs to know waits for it. */
  probe(): void;
  /** Throws VALIDATION_ERROR naming what there is, unless a sandbox of that tier was seen to start on this host. */
  assertOffered(isolation: Isolation): Promise<void>;
  /** Also of a tier that is not offered (any more): its sandboxes are to be started again all the same. */
  of(isolation: Isolation | undefined): Tier;
  offered(): Promise<readonly Isolation[]>;
  absent(): Promise<readonly AbsentTier[]>;
}

const microvm: AbsentTier = { isolation: 'microvm', reason: 'only on Kubernetes, by runtime class' };

/** The runtime's own last word, where it left one. */
const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return [...text.matchAll(/"msg":("(?:[^"\\]|\\.)*")/g)].map(([, message]) => JSON.parse(message ?? '""') as string).at(-1) ?? text;
};

/** `tryBoot` starts and ends a sandbox and rejects with the reason when it cannot. Beside `container`, a tier is offered only after that. */
export const createTiers = (config: RunnerConfig, tryBoot: (tier: Tier) => Promise<void>, log: Log): Tiers => {
  const container = containerTier(config.runtime);
  const gvisor = gvisorTier(config.gvisorRuntime);
  const tried = Promise.withResolvers<AbsentTier | null>();
  const offered = async (): Promise<readonly Isolation[]> => ((await tried.promise) === null ? ['container', 'gvisor'] : ['container']);
  return {
    probe: () => {
      const began = performance.now();
      tryBoot(gvisor).then(
        () => {
          log.info({ isolation: 'gvisor', probeMs: Math.round(performance.now() - began) }, 'isolation tier works');
          tried.resolve(null);
        },
        (error: unknown) => {
          const reason = reasonOf(error);
          log.warn({ isolation: 'gvisor', reason }, 'isolation tier is not offered');
          tried.resolve({ isolation: 'gvisor', reason });
        },
      );
    },
    of: (isolation = 'container') => {
      if (isolation === 'container') return container;
      if (isolation === 'gvisor') return gvisor;
      throw new Fault('VALIDATION_ERROR', `This host has no isolation tier ${isolation}.`);
    },
    offered,
    absent: async () => [...[await tried.promise].filter((tier) => tier !== null), microvm],
    assertOffered: async (isolation) => {
      if (isolation === 'container') return;
      const there = await offered();
      if (!there.includes(isolation))
        throw new Fault('VALIDATION_ERROR', `This host cannot isolate by ${isolation}; it offers ${there.join(', ')}.`, {
          details: { field: 'isolation', offered: there },
        });
    },
  };
};
