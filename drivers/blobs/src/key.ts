import { createHash, hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Fault, invalid } from '@miosa/kernel';

const KEY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/([0-9a-f]{64})$/;

export interface KeyParts {
  readonly tenantId: string;
  readonly sha256: string;
}

/** VALIDATION_ERROR for anything but `<tenant id>/<sha256 hex>`: keys become paths and addresses. */
export const partsOf = (key: string): KeyParts => {
  const [, tenantId, sha256] = KEY.exec(key) ?? [];
  if (tenantId === undefined || sha256 === undefined) throw invalid('key', 'is none of the blob store');
  return { tenantId, sha256 };
};

export const isKey = (text: string): boolean => KEY.test(text);

export const sha256Of = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

export const otherBytes = (): Fault => invalid('sha256', 'the bytes have another hash or size');

/** About 2 ms: nobody else of the process waits longer. */
const SLICE_BYTES = 4 * 2 ** 20;

/** As `sha256Of`, for what may be large. */
export const hashOf = async (bytes: Uint8Array): Promise<string> => {
  if (bytes.length <= SLICE_BYTES) return sha256Of(bytes);
  const whole = createHash('sha256');
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    whole.update(bytes.subarray(at, at + SLICE_BYTES));
    await turn();
  }
  return whole.digest('hex');
};

/** VALIDATION_ERROR unless the bytes are those that the key stands for. */
export const checkBytes = async (
  key: string,
  bytes: Uint8Array,
  expect: { readonly sha256: string; readonly sizeBytes: number },
): Promise<void> => {
  const { sha256 } = partsOf(key);
  if (expect.sha256 !== sha256 || bytes.length !== expect.sizeBytes || (await hashOf(bytes)) !== sha256) throw otherBytes();
};

export interface ByteSpan {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** The part of a content of this size that is asked for, `end` cut to its last byte. VALIDATION_ERROR: there is no such part. */
export const spanOf = (range: ByteSpan, sizeBytes: number): ByteSpan => {
  const isWhole = Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end);
  if (!isWhole || range.start < 0 || range.end < range.start || range.start >= sizeBytes)
    throw invalid('range', 'there are no such bytes in the content');
  return { start: range.start, end: Math.min(range.end, sizeBytes - 1) };
};
