import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Fault } from '@miosa/kernel';

export interface IdempotencyScope {
  readonly tenantId: string;
  /** Operation id. */
  readonly route: string;
  /** SHA-256 of the header: the header itself is never stored. */
  readonly keyHash: Buffer;
}

export type Begun =
  /** Ours to run. `lock` proves to later calls that no one else took over meanwhile. */
  | { readonly kind: 'started'; readonly lock: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'other-body' }
  | { readonly kind: 'answered'; readonly status: number; readonly sealedBody: Buffer };

/** Remembers answers 24 h per organization and route. Implemented over Postgres by `@miosa/db`. */
export interface IdempotencyStore {
  begin(scope: IdempotencyScope, bodyHash: Buffer): Promise<Begun>;
  /** Keeps the lock of a request that still runs. Called every `RENEW_MS`. */
  renew(scope: IdempotencyScope, lock: string): Promise<void>;
  finish(scope: IdempotencyScope, lock: string, status: number, sealedBody: Buffer): Promise<void>;
  /** Drops the record, so that the next request runs again. */
  forget(scope: IdempotencyScope, lock: string): Promise<void>;
}

/** A lock lives four renewals: after a crash the key is free again within 20 s, and the caller's repeats go through. */
const RENEW_MS = 5_000;

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

const seal = (header: string, scope: IdempotencyScope, text: string): Buffer => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(header, scope), iv).setAAD(Buffer.from(`${scope.tenantId} ${scope.route}`));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
};

const unseal = (header: string, scope: IdempotencyScope, sealed: Buffer): string => {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(header, scope), sealed.subarray(0, 12));
  decipher.setAAD(Buffer.from(`${scope.tenantId} ${scope.route}`)).setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
};

const sealingKey = (header: string, { tenantId }: IdempotencyScope): Buffer =>
  Buffer.from(hkdfSync('sha256', header, tenantId, 'miosa idempotency answer v1', 32));

export interface IdempotentCall {
  readonly header: string;
  readonly tenantId: string;
  readonly route: string;
  readonly bodyBytes: Buffer;
}

/**
 * Runs `run` at most once per key (contract 1.4) and stores its answer; 5xx and 429 are forgotten. The effect commits before
 * the answer is stored: a process that dies in between leaves a lock that ends within 20 s, and the repeated request then
 * runs again. Closing that window would need every effect (a container, a mail) inside the database transaction.
 */
export const runIdempotent = async (
  store: IdempotencyStore,
  call: IdempotentCall,
  run: () => Promise<StoredAnswer>,
): Promise<StoredAnswer & { readonly replayed: boolean }> => {
  const { header, bodyBytes } = call;
  if (!VISIBLE_ASCII.test(header)) throw new Fault('BAD_REQUEST', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  const scope = { tenantId: call.tenantId, route: call.route, keyHash: createHash('sha256').update(header).digest() };
  const begun = await store.begin(scope, createHash('sha256').update(bodyBytes).digest());
  switch (begun.kind) {
    case 'running':
      throw new Fault('IDEMPOTENCY_IN_PROGRESS', 'The first request with this Idempotency-Key still runs. Try again in a second.');
    case 'other-body':
      throw new Fault('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used with another body. Use a new key for a new request.');
    case 'answered':
      return { status: begun.status, body: unseal(header, scope, begun.sealedBody), replayed: true };
  }
  const renewal = setInterval(() => void store.renew(scope, begun.lock).catch(() => {}), RENEW_MS);
  try {
    const answer = await run();
    if (answer.status >= 500 || answer.status === 429) await store.forget(scope, begun.lock).catch(() => {});
    // The effect has happened: failing to remember it must not turn a success into an error.
    else await store.finish(scope, begun.lock, answer.status, seal(header, scope, answer.body)).catch(() => {});
    return { ...answer, replayed: false };
  } finally {
    clearInterval(renewal);
  }
};
