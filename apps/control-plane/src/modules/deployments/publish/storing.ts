import { createHash } from 'node:crypto';
import type { Core } from '../deps.ts';
import type { Encodings } from '../types.ts';
import { type KnownBlob, keepBlobs, useBlobs } from './blobs.store.ts';
import { compress, isCompressible } from './compress.ts';

export interface SiteFile {
  /** Below the folder that is published. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_FILES = 500;

export const keyOf = (tenantId: string, sha256: string): string => `${tenantId}/${sha256}`;
export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Stored extends KnownBlob {
  readonly forms: readonly { readonly sha256: string; readonly bytes: Buffer }[];
  readonly bytes: Buffer;
}

const formsOf = async (file: SiteFile, bytes: Buffer): Promise<Stored> => {
  const made = isCompressible(file.path, bytes.length) ? await compress(bytes) : [];
  const forms = made.map(([encoding, form]) => ({ encoding, bytes: form, sha256: sha256Of(form) }));
  const encodings: Encodings = Object.fromEntries(forms.map(({ encoding, sha256, bytes }) => [encoding, { sha256, size: bytes.length }]));
  return { sha256: file.sha256, sizeBytes: file.sizeBytes, encodings, forms, bytes };
};

/** Puts contents into the store and then into the organization's list of them: what the list says is there, is there. */
export const createStoring = (core: Core, tenantId: string, known: Map<string, KnownBlob>) => {
  let batch: Promise<Stored>[] = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    const stored = await Promise.all(batch);
    [batch, batchBytes] = [[], 0];
    if (stored.length === 0) return;
    const contents = stored.flatMap(({ sha256, bytes, forms }) => [{ sha256, bytes }, ...forms]);
    const hashes = contents.map(({ sha256 }) => sha256);
    await useBlobs(core.db.read, tenantId, hashes, core.now());
    await core.blobs.putMany(contents.map(({ sha256, bytes }) => ({ key: keyOf(tenantId, sha256), sha256, bytes })));
    const forms = stored.flatMap((blob) => blob.forms.map(({ sha256, bytes }) => ({ sha256, sizeBytes: bytes.length, encodings: {} })));
    const distinct = new Map([...forms, ...stored].map((blob) => [blob.sha256, blob]));
    await keepBlobs(core.db.read, tenantId, [...distinct.values()], core.now());
    for (const { sha256, sizeBytes, encodings } of stored) known.set(sha256, { sha256, sizeBytes, encodings });
  };
  return {
    add: async (file: SiteFile, bytes: Buffer): Promise<void> => {
      batch.push(formsOf(file, bytes));
      batchBytes += bytes.length;
      if (batchBytes >= BATCH_BYTES || batch.length >= BATCH_FILES) await flush();
    },
    addStream: async (file: SiteFile, bytes: AsyncIterable<Buffer>): Promise<void> => {
      await useBlobs(core.db.read, tenantId, [file.sha256], core.now());
      await core.blobs.put(keyOf(tenantId, file.sha256), bytes, file);
      const blob = { sha256: file.sha256, sizeBytes: file.sizeBytes, encodings: {} };
      await keepBlobs(core.db.read, tenantId, [blob], core.now());
      known.set(file.sha256, blob);
    },
    flush,
  };
};
