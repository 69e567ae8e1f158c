import type { BlobStore } from '@miosa/blobs';
import type { Database } from '@miosa/db';
import type { FaultPoint } from '@miosa/runtime';

/** The steps `tx.<name>.commit` (all is written, nothing committed) and `tx.<name>.committed` of every transaction; see `openFaultPoints`. */
export const databaseAtPoints = (db: Database, point: FaultPoint | undefined): Database => {
  if (point === undefined) return db;
  return {
    ...db,
    tx: async (op, name, fn, options) => {
      const written = async (tx: Parameters<typeof fn>[0]) => {
        const result = await fn(tx);
        await point(`tx.${name}.commit`);
        return result;
      };
      const result = await db.tx(op, name, written, options);
      await point(`tx.${name}.committed`);
      return result;
    },
  };
};

/** The steps `blobs.put.before` and `.after`, and the same of `putMany`. */
export const blobsAtPoints = (blobs: BlobStore, point: FaultPoint | undefined): BlobStore => {
  if (point === undefined) return blobs;
  return {
    ...blobs,
    put: async (...args) => {
      await point('blobs.put.before');
      await blobs.put(...args);
      await point('blobs.put.after');
    },
    putMany: async (contents) => {
      await point('blobs.putMany.before');
      await blobs.putMany(contents);
      await point('blobs.putMany.after');
    },
  };
};
