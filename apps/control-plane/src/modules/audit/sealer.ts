import type { Database } from '@miosa/db';
import type { Log } from '@miosa/kernel';
import { currentAttestor } from './attestation.ts';
import {
  type ChainRow,
  chainsOf,
  insertSeals,
  lockSealer,
  purgeable,
  purgeUntil,
  type SealRow,
  saveChains,
  unsealedEntries,
} from './chain.store.ts';
import { contentOf, linkHash } from './chain.ts';

/** How long an entry may be without its link when the log is quiet. */
const EVERY_MS = 500;
/** One transaction links this many: about 30 ms, of which 5 are ours. */
const BATCH = 1000;
const PURGE_EVERY_MS = 3_600_000;
/** Entries are kept this long (contract 2.8). */
const RETENTION_DAYS = 365;
const PURGE_BATCH = 5000;

export interface Sealer {
  start(): void;
  /** Links what is committed, now. */
  seal(): Promise<void>;
  /** Removes entries older than the retention; answers how many chains were shortened. */
  purge(now: Date): Promise<number>;
  /** Waits for the pass under way, then links the rest. */
  close(): Promise<void>;
}

const proven = (chain: ChainRow): ChainRow => ({ ...chain, proof: currentAttestor()?.head(chain) ?? null });

/**
 * Links entries after they are committed. A lock per organization held to the end of every transaction would give the same chain, but all
 * calls of an organization would then wait for each other's commits; here an insert only leaves a note.
 */
export const createSealer = (db: Database, log: Log): Sealer => {
  const op = { log, requestId: 'system-audit' };
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let running: Promise<unknown> = Promise.resolve();
  let purgedAt = 0;

  /** Answers how many were linked; 0 also when another process is at it. */
  const batch = (): Promise<number> =>
    db.tx(op, 'audit.seal', async (tx) => {
      if (!(await lockSealer(tx))) return 0;
      const entries = await unsealedEntries(tx, BATCH);
      if (entries.length === 0) return 0;
      const tenantIds = [...new Set(entries.map((entry) => entry.tenant_id))];
      const chains = new Map((await chainsOf(tx, tenantIds)).map((chain) => [chain.tenant_id, chain]));
      const seals = entries.map((entry): SealRow => {
        const { tenant_id } = entry;
        const chain = chains.get(tenant_id);
        const head = chain ?? { tenant_id, base_position: 0, base_hash: null, position: 0, hash: null, sealed_until: null, proof: null };
        const hash = linkHash(head.hash, contentOf(entry));
        chains.set(tenant_id, { ...head, position: head.position + 1, hash, sealed_until: entry.created_at });
        return { tenant_id, position: head.position + 1, entry_seq: entry.seq, entry_id: entry.id, prev_hash: head.hash, hash };
      });
      await insertSeals(tx, seals);
      await saveChains(tx, [...chains.values()].map(proven));
      return entries.length;
    });

  const seal = async (): Promise<void> => {
    while ((await batch()) === BATCH);
  };

  const purge = (now: Date): Promise<number> =>
    db.tx(op, 'audit.purge', async (tx) => {
      if (!(await lockSealer(tx))) return 0;
      const old = await purgeable(tx, new Date(now.getTime() - RETENTION_DAYS * 86_400_000), PURGE_BATCH);
      for (const { tenant_id, until } of old) await purgeUntil(tx, tenant_id, until);
      if (old.length > 0)
        await saveChains(
          tx,
          (
            await chainsOf(
              tx,
              old.map((chain) => chain.tenant_id),
            )
          ).map(proven),
        );
      return old.length;
    });

  const pass = async (): Promise<void> => {
    try {
      await seal();
      if (Date.now() - purgedAt < PURGE_EVERY_MS) return;
      while ((await purge(new Date())) > 0);
      purgedAt = Date.now();
    } catch (error) {
      log.warn({ err: error }, 'audit entries not sealed; will be tried again');
    }
  };

  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = pass().then(schedule);
    }, EVERY_MS).unref();
  };

  return {
    start: () => {
      stopped = false;
      schedule();
    },
    seal,
    purge,
    close: async () => {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      await running;
      await pass();
    },
  };
};
