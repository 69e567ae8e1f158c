import type { Database } from '@miosa/db';
import type { Log } from '@miosa/kernel';
import { attestWith } from './attestation.ts';
import { mayChangeEntries } from './chain.store.ts';
import { createRefusals } from './refusals.ts';
import { createSealer } from './sealer.ts';

export { type Filters as AuditFilters, pageOfAllEntries, presentEntry } from './list.ts';
export { record } from './record.ts';
export { auditRoutes } from './routes.ts';
export { AuditEntry, AuditQuery } from './schemas.ts';
export type { AuditOwnership, AuditRecord } from './types.ts';

export interface AuditOptions {
  readonly db: Database;
  readonly log: Log;
  /** 32 bytes, outside the database: proves which entries a control plane wrote. The same for all of them. */
  readonly attestationKey: Buffer;
  readonly nowMs?: () => number;
}

/** An external database's user may own the tables: triggers and proofs still hold, permission does not. */
const warnOfRights = async (db: Database, log: Log): Promise<void> => {
  const may = await mayChangeEntries(db.read).catch(() => false);
  if (!may) return;
  log.warn(
    {},
    'the database user may change the audit log: use the role miosa_control_plane in DATABASE_URL, and the owner in MIOSA_CONTROL_PLANE_MIGRATION_URL',
  );
};

/** What the log does by itself: links entries to a chain, records refused attempts, removes what is older than the retention. */
export const createAudit = ({ db, log, attestationKey, nowMs }: AuditOptions) => {
  attestWith(attestationKey);
  const sealer = createSealer(db, log);
  const refusals = createRefusals(db, log, nowMs);
  return {
    sealer,
    refusals,
    start: (): void => {
      sealer.start();
      void warnOfRights(db, log);
    },
    /** After the last request: nothing noted is lost. */
    close: async (): Promise<void> => {
      await refusals.close();
      await sealer.close();
    },
  };
};

export type Audit = ReturnType<typeof createAudit>;
