import type { Database } from '@miosa/db';
import type { Refused } from '@miosa/http';
import type { Actor, Log, Op, TenantId } from '@miosa/kernel';
import { record } from './record.ts';

/** A credential writes at most so many entries of refusals a minute; the rest is counted. */
const PER_MINUTE = 20;
const WINDOW_MS = 60_000;
/** Refusals and counters in memory. Beyond, refusals are only counted, for their organization as a whole. */
const MAX_WAITING = 1000;
const MAX_WINDOWS = 10_000;
const FLUSH_MS = 250;

interface Window {
  readonly until: number;
  readonly tenantId: TenantId;
  readonly actor: Actor | null;
  count: number;
  suppressed: number;
}

interface Waiting {
  readonly refused: Refused;
  readonly from: Pick<Op, 'requestId' | 'ip' | 'userAgent'>;
  readonly at: Date;
}

/**
 * Entries of refused attempts, written in the background: an attacker neither waits for the database nor makes others wait. Whoever repeats
 * himself fills no table: past `PER_MINUTE` one entry says how many there were.
 */
export const createRefusals = (db: Database, log: Log, nowMs: () => number = Date.now) => {
  const windows = new Map<string, Window>();
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  const windowOf = (actor: Actor, tenantId: TenantId): Window => {
    const full = windows.size >= MAX_WINDOWS;
    const own = `${tenantId} ${actor.type} ${actor.id}`;
    const key = full && !windows.has(own) ? tenantId : own;
    const known = windows.get(key);
    if (known !== undefined) return known;
    const made = { until: nowMs() + WINDOW_MS, tenantId, actor: key === own ? actor : null, count: 0, suppressed: 0 };
    windows.set(key, made);
    return made;
  };

  const opOf = (actor: Actor, from: Partial<Waiting['from']>, at: Date): Op => ({
    requestId: from.requestId ?? 'system-audit',
    ip: from.ip ?? null,
    userAgent: from.userAgent ?? null,
    actor,
    log,
    now: () => at,
    signal: new AbortController().signal,
  });

  const write = async ({ refused: { actor, action, errorCode, details }, from, at }: Waiting): Promise<void> => {
    const entry = { action, resourceType: 'request', outcome: 'denied', errorCode, metadata: details } as const;
    await record(db.read, opOf(actor, from, at), entry);
  };

  const writeSuppressed = async ({ tenantId, actor, suppressed }: Window): Promise<void> => {
    const system: Actor = { type: 'system', id: 'audit', name: 'audit', tenantId };
    const metadata = { suppressed, window_seconds: WINDOW_MS / 1000 };
    const entry = { action: 'audit.suppressed', resourceType: 'request', outcome: 'denied', metadata } as const;
    await record(db.read, opOf(actor ?? system, {}, new Date(nowMs())), entry);
  };

  const tried = async (write: Promise<void>): Promise<void> => {
    await write.catch((error: unknown) => log.warn({ err: error }, 'a refused attempt was not recorded'));
  };

  const flush = async (all: boolean): Promise<void> => {
    const batch = waiting;
    waiting = [];
    for (const refusal of batch) await tried(write(refusal));
    for (const [key, window] of windows) {
      if (!all && nowMs() < window.until) continue;
      windows.delete(key);
      if (window.suppressed > 0) await tried(writeSuppressed(window));
    }
    schedule();
  };

  const schedule = (): void => {
    if (timer !== undefined || (waiting.length === 0 && windows.size === 0)) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        flushing = flushing.then(() => flush(false));
      },
      waiting.length > 0 ? FLUSH_MS : 1000,
    ).unref();
  };

  return {
    /** Takes note; never throws, never waits. */
    note: (refused: Refused, { requestId, ip, userAgent }: Op): void => {
      const { tenantId } = refused.actor;
      if (tenantId === null) return;
      const window = windowOf(refused.actor, tenantId);
      if (window.actor === null || window.count >= PER_MINUTE || waiting.length >= MAX_WAITING) window.suppressed++;
      else {
        window.count++;
        waiting.push({ refused, from: { requestId, ip, userAgent }, at: new Date(nowMs()) });
      }
      schedule();
    },
    /** Writes what waits. */
    flush: async (): Promise<void> => {
      flushing = flushing.then(() => flush(false));
      await flushing;
    },
    /** Writes everything, counters too. */
    close: async (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      flushing = flushing.then(() => flush(true));
      await flushing;
      clearTimeout(timer);
    },
  };
};

export type Refusals = ReturnType<typeof createRefusals>;
