import { sql } from 'kysely';
import type { Database, Tx } from './database.ts';

interface Scope {
  readonly tenantId: string;
  readonly route: string;
  readonly keyHash: Buffer;
}

type Begun =
  | { readonly kind: 'started'; readonly lock: string; readonly sealedEffect: Buffer | null }
  | { readonly kind: 'running' }
  | { readonly kind: 'other-body' }
  | { readonly kind: 'answered'; readonly status: number; readonly sealedBody: Buffer };

interface Row {
  readonly body_hash: Buffer;
  readonly status: number | null;
  readonly sealed_body: Buffer | null;
}

interface Claimed {
  readonly lock: string;
  readonly sealed_body: Buffer | null;
}

/** Contract 1.4. */
const KEPT = sql`interval '24 hours'`;
/** Four renewals of the HTTP kit (5 s each): one lost renewal does not free a request that still runs. */
const LOCKED = sql`interval '20 seconds'`;

/**
 * Remembered answers in `idempotency_keys`; the shape is `IdempotencyStore` of `@miosa/http`. `lock` is the row's exact
 * `created_at`: who takes over a dead request's row moves it, so the dead one, should it wake, changes nothing. `sealed_body` is the answer, or
 * while `status` is null what the request's effect gave.
 */
export const postgresIdempotency = ({ read }: Pick<Database, 'read'>) => {
  const row = ({ tenantId, route, keyHash }: Scope) => sql`tenant_id = ${tenantId} and route = ${route} and key_hash = ${keyHash}`;
  const locked = (scope: Scope, lock: string) => sql`${row(scope)} and created_at = ${lock}::timestamptz and status is null`;

  /** Inserts, or takes over a row that is too old or whose process died. No row: someone else's. */
  const claim = async ({ tenantId, route, keyHash }: Scope, bodyHash: Buffer): Promise<Claimed | undefined> => {
    const { rows } = await sql<Claimed>`
      insert into idempotency_keys as k (tenant_id, route, key_hash, body_hash, locked_until)
      values (${tenantId}, ${route}, ${keyHash}, ${bodyHash}, now() + ${LOCKED})
      on conflict (tenant_id, route, key_hash) do update
        set body_hash = excluded.body_hash, status = null, sealed_body = case when k.created_at < now() - ${KEPT} then null else k.sealed_body end,
            locked_until = excluded.locked_until, created_at = now()
        where k.created_at < now() - ${KEPT}
           or (k.status is null and k.locked_until < now() and k.body_hash = excluded.body_hash)
      returning created_at::text as lock, sealed_body`.execute(read);
    return rows[0];
  };

  const begin = async (scope: Scope, bodyHash: Buffer): Promise<Begun> => {
    for (;;) {
      const claimed = await claim(scope, bodyHash);
      if (claimed !== undefined) return { kind: 'started', lock: claimed.lock, sealedEffect: claimed.sealed_body };
      const { rows } = await sql<Row>`select body_hash, status, sealed_body from idempotency_keys where ${row(scope)}`.execute(read);
      const found = rows[0];
      if (found === undefined) continue; // forgotten between the two statements: ours to claim
      if (!found.body_hash.equals(bodyHash)) return { kind: 'other-body' };
      if (found.status === null || found.sealed_body === null) return { kind: 'running' };
      return { kind: 'answered', status: found.status, sealedBody: found.sealed_body };
    }
  };

  return {
    begin,
    renew: async (scope: Scope, lock: string): Promise<void> => {
      await sql`update idempotency_keys set locked_until = now() + ${LOCKED} where ${locked(scope, lock)}`.execute(read);
    },
    finish: async (scope: Scope, lock: string, status: number, sealedBody: Buffer): Promise<void> => {
      await sql`update idempotency_keys set status = ${status}, sealed_body = ${sealedBody} where ${locked(scope, lock)}`.execute(read);
    },
    keep: async (transaction: unknown, scope: Scope, lock: string, sealedEffect: Buffer): Promise<boolean> => {
      const update = sql`update idempotency_keys set sealed_body = ${sealedEffect} where ${locked(scope, lock)}`;
      return (await update.execute(transaction as Tx)).numAffectedRows === 1n;
    },
    forget: async (scope: Scope, lock: string): Promise<void> => {
      await sql`update idempotency_keys set locked_until = '-infinity' where ${locked(scope, lock)} and sealed_body is not null`.execute(
        read,
      );
      await sql`delete from idempotency_keys where ${locked(scope, lock)} and sealed_body is null`.execute(read);
    },
    /** Removes expired rows; answers how many. A small batch a call, so that no long lock is held. */
    purge: async (): Promise<number> => {
      const { numAffectedRows } = await sql`
        delete from idempotency_keys where ctid = any (array(
          select ctid from idempotency_keys where created_at < now() - ${KEPT} limit 5000))`.execute(read);
      return Number(numAffectedRows ?? 0n);
    },
  };
};
