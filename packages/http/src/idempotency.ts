import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { type Effect, Fault } from '@miosa/kernel';

export interface IdempotencyScope {
  readonly tenantId: string;
  /** Operation id. */
  readonly route: string;
  /** SHA-256 of the header: the header itself is never stored. */
  readonly keyHash: Buffer;
}

export type Begun =
  /** Ours to run. `lock` proves to later calls that no one else took over meanwhile; `sealedEffect` is what `keep` got in a run that died. */
  | { readonly kind: 'started'; readonly lock: string; readonly sealedEffect: Buffer | null }
  | { readonly kind: 'running' }
  | { readonly kind: 'other-body' }
  | { readonly kind: 'answered'; readonly status: number; readonly sealedBody: Buffer };

/** Remembers answers 24 h per organization and route. Implemented over Postgres by `@miosa/db`. */
export interface IdempotencyStore {
  begin(scope: IdempotencyScope, bodyHash: Buffer): Promise<Begun>;
  /** Keeps the lock of a request that still runs. Called every `RENEW_MS`. */
  renew(scope: IdempotencyScope, lock: string): Promise<void>;
  finish(scope: IdempotencyScope, lock: string, status: number, sealedBody: Buffer): Promise<void>;
  /** In the caller's database transaction. False: someone else took over, so the transaction must not commit. */
  keep(transaction: unknown, scope: IdempotencyScope, lock: string, sealedEffect: Buffer): Promise<boolean>;
  /** Frees the key, so that the next request runs again; an effect that was kept stays for it. */
  forget(scope: IdempotencyScope, lock: string): Promise<void>;
}

/** A lock lives four renewals: after a crash the key is free again within 20 s, and the caller's repeats go through. */
const RENEW_MS = 5_000;

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

type What = 'answer' | 'effect';

const seal = (header: string, scope: IdempotencyScope, what: What, plain: Buffer): Buffer => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(header, scope, what), iv).setAAD(Buffer.from(`${scope.tenantId} ${scope.route}`));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
};

const unseal = (header: string, scope: IdempotencyScope, what: What, sealed: Buffer): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(header, scope, what), sealed.subarray(0, 12));
  decipher.setAAD(Buffer.from(`${scope.tenantId} ${scope.route}`)).setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
};

const sealingKey = (header: string, { tenantId }: IdempotencyScope, what: What): Buffer =>
  Buffer.from(hkdfSync('sha256', header, tenantId, `miosa idempotency ${what} v1`, 32));

export interface IdempotentCall {
  readonly header: string;
  readonly tenantId: string;
  readonly route: string;
  readonly bodyBytes: Buffer;
}

interface Run {
  readonly header: string;
  readonly scope: IdempotencyScope;
  readonly lock: string;
  readonly sealedEffect: Buffer | null;
}

/** Results are kept as the structured clone they are (dates, bytes, undefined), sealed like answers: a new API key is among them. */
const effectOf = (store: IdempotencyStore, { header, scope, lock, sealedEffect }: Run): Effect => {
  const earlier =
    sealedEffect === null ? null : (deserialize(unseal(header, scope, 'effect', sealedEffect)) as { name: string; result: unknown });
  return {
    earlier: (name) => (earlier?.name === name ? earlier.result : undefined),
    keep: async (transaction, name, result) => {
      const kept = await store.keep(transaction, scope, lock, seal(header, scope, 'effect', serialize({ name, result })));
      if (!kept) throw new Fault('IDEMPOTENCY_IN_PROGRESS', 'A repeat of this request has taken it over. Try again in a second.');
    },
  };
};

/** By store: answers that were given and are on their way into it. */
const storing = new WeakMap<IdempotencyStore, Map<string, Promise<void>>>();

const storingIn = (store: IdempotencyStore): Map<string, Promise<void>> => {
  const known = storing.get(store) ?? new Map<string, Promise<void>>();
  storing.set(store, known);
  return known;
};

/** Resolves when every answer given so far is stored. Before the store is closed. */
export const answersStored = async (store: IdempotencyStore): Promise<void> => {
  await Promise.all(storingIn(store).values());
};

/** An answer that another process has just given may be a moment from its row. */
const GIVEN_ELSEWHERE_MS = 50;

const beginAfterStoring = async (store: IdempotencyStore, scope: IdempotencyScope, name: string, bodyHash: Buffer): Promise<Begun> => {
  await storingIn(store).get(name);
  const begun = await store.begin(scope, bodyHash);
  if (begun.kind !== 'running') return begun;
  await sleep(GIVEN_ELSEWHERE_MS);
  return store.begin(scope, bodyHash);
};

/**
 * Runs `run` at most once per key (contract 1.4) and stores its answer; 5xx and 429 are forgotten. The caller need not wait for the storing: a
 * repeat does. The effect commits before the answer is stored: a process that dies in between leaves a lock that ends within 20 s. The repeated request then runs again and is given what the
 * effect's transaction kept with the key (README.md).
 */
export const runIdempotent = async (
  store: IdempotencyStore,
  call: IdempotentCall,
  run: (effect: Effect) => Promise<StoredAnswer>,
): Promise<StoredAnswer & { readonly replayed: boolean }> => {
  const { header, bodyBytes } = call;
  if (!VISIBLE_ASCII.test(header)) throw new Fault('BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  const scope = { tenantId: call.tenantId, route: call.route, keyHash: createHash('sha256').update(header).digest() };
  const name = `${scope.tenantId} ${scope.route} ${scope.keyHash.toString('base64')}`;
  const begun = await beginAfterStoring(store, scope, name, createHash('sha256').update(bodyBytes).digest());
  switch (begun.kind) {
    case 'running':
      throw new Fault('IDEMPOTENCY_IN_PROGRESS', 'The first request with this Idempotency-Key still runs. Try again in a second.');
    case 'other-body':
      throw new Fault('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used with another body. Use a new key for a new request.');
    case 'answered':
      return { status: begun.status, body: unseal(header, scope, 'answer', begun.sealedBody).toString('utf8'), replayed: true };
  }
  const renewal = setInterval(() => void store.renew(scope, begun.lock).catch(() => {}), RENEW_MS);
  try {
    const answer = await run(effectOf(store, { header, scope, ...begun }));
    if (answer.status >= 500 || answer.status === 429) await store.forget(scope, begun.lock).catch(() => {});
    else {
      const known = storingIn(store);
      const body = Buffer.from(answer.body, 'utf8');
      // The effect has happened: failing to remember it must not turn a success into an error.
      const stored = immediate()
        .then(() => store.finish(scope, begun.lock, answer.status, seal(header, scope, 'answer', body)))
        .catch(() => {})
        .finally(() => known.delete(name));
      known.set(name, stored);
    }
    return { ...answer, replayed: false };
  } finally {
    clearInterval(renewal);
  }
};
