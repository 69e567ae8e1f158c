import { hash, randomBytes } from 'node:crypto';
import type { KeyType } from '@miosa/kernel';

const LABELS: Readonly<Record<KeyType, string>> = { user: 'u', admin: 'a', platform: 'p', live: 'live', test: 'test' };

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 32; // 190 bits
const SHOWN_LENGTH = 12;

/** Largest multiple of 62 in a byte: what lies above would favour the first characters. */
const UNBIASED = 248;

const randomBase62 = (length: number): string => {
  let out = '';
  while (out.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < UNBIASED && out.length < length) out += BASE62[byte % 62];
    }
  }
  return out;
};

const FORMAT = /^msk_(?:u|a|p|live|test)_[0-9A-Za-z]{32}$/;

export const isKey = (text: string): boolean => FORMAT.test(text);

/** What is stored and looked up. The random part needs no slow hash. */
export const keyHash = (key: string): Buffer => hash('sha256', key, 'buffer');

export interface FreshKey {
  /** The plaintext: shown once, never stored. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

export const generateKey = (type: KeyType): FreshKey => {
  const key = `msk_${LABELS[type]}_${randomBase62(RANDOM_LENGTH)}`;
  return { key, prefix: key.slice(0, SHOWN_LENGTH), hash: keyHash(key) };
};
