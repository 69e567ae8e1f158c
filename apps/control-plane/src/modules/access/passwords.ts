import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@miosa/kernel';
import { hash, verify } from '@node-rs/argon2';
import { BoundedMap } from './bounded-map.ts';

/** OWASP's first choice for argon2id (2024): 19 MiB, two passes, one lane; about 30 ms here. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** At once, so that a flood of logins takes neither the memory nor the thread pool from everybody else. */
const AT_ONCE = 2;
const MAX_WAITING = 64;

const WINDOW_MS = 3600_000;
const FREE_FAILURES = 10;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;
const MAX_ACCOUNTS = 10_000;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** False for an unknown account (`undefined`) too, after the same work. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Milliseconds to wait before an attempt on this account: 0 until ten failures in the hour. Never a lock-out. */
  delayMs(account: string): number;
  noteFailure(account: string): void;
  noteSuccess(account: string): void;
  wait(account: string, signal: AbortSignal): Promise<void>;
}

const createGate = () => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= MAX_WAITING) {
        throw new Fault('UNAVAILABLE', 'Too many logins at once. Try again in a moment.', { details: { reason: 'logins' } });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      // The place is handed over, so `running` stays as it is.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
};

export const createPasswords = (nowMs: () => number): Passwords => {
  const gate = createGate();
  const failures = new BoundedMap<string, { readonly since: number; readonly count: number }>(MAX_ACCOUNTS);
  // What unknown accounts are checked against: an answer in a hundredth of the time would say that there is no such account.
  const decoy = hash(randomBytes(32), COST);
  decoy.catch(() => {});

  const recent = (account: string): number => {
    const entry = failures.get(account);
    return entry === undefined || nowMs() - entry.since > WINDOW_MS ? 0 : entry.count;
  };
  const delayMs = (account: string): number => {
    const beyond = recent(account) - FREE_FAILURES;
    return beyond < 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** beyond, MAX_DELAY_MS);
  };

  return {
    hash: (password) => gate(() => hash(password, COST)),
    verify: (stored, password) =>
      gate(async () => {
        const matches = await verify(stored ?? (await decoy), password);
        return stored !== undefined && matches;
      }),
    delayMs,
    noteFailure: (account) => {
      const count = recent(account);
      const since = count === 0 ? nowMs() : (failures.get(account)?.since ?? nowMs());
      failures.set(account, { since, count: count + 1 });
    },
    noteSuccess: (account) => failures.delete(account),
    wait: async (account, signal) => {
      const ms = delayMs(account);
      if (ms === 0) return;
      await sleep(ms, undefined, { signal }).catch(() => {
        throw new Fault('REQUEST_TIMEOUT', 'The client hung up.');
      });
    },
  };
};
