import { randomBytes, randomUUID } from 'node:crypto';

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

export type TenantId = Brand<string, 'tenant'>;
export type UserId = Brand<string, 'user'>;
export type WorkspaceId = Brand<string, 'workspace'>;
export type ProjectId = Brand<string, 'project'>;
export type ApiKeyId = Brand<string, 'api_key'>;
export type SandboxId = Brand<string, 'sandbox'>;
export type PreviewId = Brand<string, 'preview'>;
export type ShareId = Brand<string, 'share'>;

/** Prefixes of the contract, section 1.8. */
export type IdPrefix =
  | 'btk'
  | 'sbx'
  | 'prc'
  | 'prv'
  | 'shr'
  | 'aud'
  | 'req'
  | 'evt'
  | 'tpl'
  | 'snp'
  | 'trm'
  | 'inv'
  | 'blk'
  | 'bld'
  | 'dep'
  | 'ver'
  | 'rel'
  | 'ins'
  | 'upl';

// Crockford's base 32: no i, l, o, u; ASCII order equals value order, so ids sort by time.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const base32 = (value: bigint, length: number): string => {
  let out = '';
  for (let rest = value, i = 0; i < length; i++, rest >>= 5n) out = (ALPHABET[Number(rest & 31n)] ?? '') + out;
  return out;
};

/** Asked of the system in one go, since every call costs some microseconds and each request has an id. No byte is used twice. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);
let spent = 0;

/** `length` random characters, 5 bits each. */
export const randomBase32 = (length: number): string => {
  let out = '';
  for (let i = 0; i < length; i++) {
    if (spent === pool.length) {
      pool = randomBytes(POOL_BYTES);
      spent = 0;
    }
    out += ALPHABET[(pool[spent++] ?? 0) & 31];
  }
  return out;
};

/** Many ids are made within one millisecond, and whole numbers of this size cost as much as all the rest of an id. */
let lastTime = -1;
let lastTimeText = '';

const timeText = (now: number): string => {
  if (now !== lastTime) {
    lastTimeText = base32(BigInt(now), 10);
    lastTime = now;
  }
  return lastTimeText;
};

/** `<prefix>_` + 26 characters: 48 bits of milliseconds, then 80 random bits (the ULID layout), lower-case. */
export const newId = (prefix: IdPrefix, now: number = Date.now()): string => `${prefix}_${timeText(now)}${randomBase32(16)}`;

/** UUID version 7 (RFC 9562 §5.7): time-ordered. */
export const newUuid = (now: number = Date.now()): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** An unguessable, unordered UUID (version 4). */
export const randomId = (): string => randomUUID();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isUuid = (value: string): boolean => UUID.test(value);

const PREFIXED = /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/;
export const isId = (prefix: IdPrefix, value: string): boolean => PREFIXED.test(value) && value.startsWith(`${prefix}_`);
