import type { Database } from '@miosa/db';
import type { Actor } from '@miosa/kernel';
import { allowListOf } from './addresses.ts';
import { BoundedMap } from './bounded-map.ts';
import { isKey, keyHash } from './key-format.ts';
import { type KeyInTenant, keyByHash } from './keys.store.ts';
import type { Liveness } from './liveness.ts';
import { ratesOf } from './rates.ts';

/** Keys in memory; at about 1 KiB each. */
const MAX_KEYS = 10_000;
/** Backstop only: changes are pushed, and `Liveness` proves that pushes arrive. */
const KEY_TTL_MS = 30_000;
/** A key that does not exist cannot come into being later: nobody can know its 190 random bits before it is made. */
const UNKNOWN_TTL_MS = 5000;

/** Signalled when a whole organization changes, which may have a hundred thousand keys. */
const EVERY_KEY = '*';

export type KeyActor = Extract<Actor, { type: 'key' }>;

export interface KnownKey {
  readonly actor: KeyActor;
  readonly tenantSlug: string;
  readonly expiresAtMs: number;
  /** Null: from anywhere. */
  readonly allows: ((ip: string | null) => boolean) | null;
  readonly revoked: boolean;
  /** Its organization is suspended. */
  readonly suspended: boolean;
}

export const toKnown = (row: KeyInTenant): KnownKey => ({
  actor: {
    type: 'key',
    id: row.id,
    name: row.name,
    keyType: row.key_type,
    purpose: row.key_purpose,
    tenantId: row.tenant_id,
    scopes: row.scopes,
    workspaceId: row.workspace_id,
    userId: row.user_id,
    role: null,
    rates: ratesOf(row.tenant_id, row.tenant_plan, row.rate_limit_rpm),
  },
  tenantSlug: row.tenant_slug,
  expiresAtMs: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
  allows: allowListOf(row.allowed_ips),
  revoked: row.revoked_at !== null,
  suspended: row.tenant_suspended_at !== null,
});

export interface KeyVerifier {
  /** The key as it is now, or null when there is none. Whether it is good for anything is the caller's to check. */
  verify(key: string): Promise<KnownKey | null>;
  /** Something about this key changed. */
  forget(keyId: string): void;
  forgetAll(): void;
}

/** Key → what it stands for, cached by the SHA-256 of the key; the plaintext is never kept. */
export const createKeyVerifier = (db: Database, liveness: Pick<Liveness, 'fresh'>, nowMs: () => number): KeyVerifier => {
  const known = new BoundedMap<string, { readonly key: KnownKey; readonly until: number }>(MAX_KEYS);
  // Apart, so that a flood of invented keys pushes no real one out.
  const unknown = new BoundedMap<string, number>(MAX_KEYS);
  const flights = new Map<string, Promise<KnownKey | null>>();
  let generation = 0;

  const load = async (hash: Buffer, index: string): Promise<KnownKey | null> => {
    const begun = generation;
    const row = await keyByHash(db.read, hash);
    if (row === undefined) {
      unknown.set(index, nowMs() + UNKNOWN_TTL_MS);
      return null;
    }
    const key = toKnown(row);
    // A change while we read may be older than what we read, or newer: only the next reader can know.
    if (begun === generation) known.set(index, { key, until: nowMs() + KEY_TTL_MS });
    return key;
  };

  const forget = (drop: () => void): void => {
    generation++;
    flights.clear();
    drop();
  };

  return {
    verify: async (key) => {
      if (!isKey(key)) return null;
      const hash = keyHash(key);
      const index = hash.toString('base64');
      const cached = known.get(index);
      const fresh = liveness.fresh();
      if (cached !== undefined && fresh && nowMs() < cached.until) return cached.key;
      if ((unknown.get(index) ?? 0) > nowMs()) return null;
      const flying = flights.get(index);
      if (flying !== undefined) return flying;
      const flight = load(hash, index).finally(() => {
        if (flights.get(index) === flight) flights.delete(index);
      });
      flights.set(index, flight);
      return flight;
    },
    forget: (keyId) =>
      forget(() => {
        for (const [index, { key }] of known.entries()) if (keyId === EVERY_KEY || key.actor.id === keyId) known.delete(index);
      }),
    forgetAll: () => forget(() => known.clear()),
  };
};
