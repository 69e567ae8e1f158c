import type { Readable } from 'node:stream';

/** Bytes under their hash. Keys are `<tenant id>/<sha256 hex>`; what lies under a key never changes. */
export interface BlobStore {
  /**
   * Stores bytes under their hash; atomic, durable when it resolves, nothing to do when they are there. VALIDATION_ERROR: hash or size differ;
   * STORAGE_FULL; UNAVAILABLE.
   */
  put(
    key: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    expect: { readonly sha256: string; readonly sizeBytes: number },
  ): Promise<void>;
  /** Many small ones; durable together when it resolves. */
  putMany(blobs: Iterable<{ readonly key: string; readonly bytes: Uint8Array; readonly sha256: string }>): Promise<void>;
  /** NOT_FOUND, UNAVAILABLE; INTERNAL when the bytes are damaged. */
  get(key: string): Promise<Buffer>;
  /**
   * The bytes as they are in the store: whoever needs to be sure hashes them. `end` is inclusive and may lie behind the last byte; `sizeBytes` is
   * that of the whole content. NOT_FOUND; UNAVAILABLE; VALIDATION_ERROR: the range begins behind the last byte.
   */
  open(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly stream: Readable; readonly sizeBytes: number }>;
  has(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Unknown ones too. */
  delete(keys: readonly string[]): Promise<void>;
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly sizeBytes: number; readonly modifiedAt: Date }>;
  /** A file of this host that holds the bytes; null where the store is elsewhere. */
  localPath(key: string): string | null;
  close(): Promise<void>;
}
