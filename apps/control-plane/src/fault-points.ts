import type { BlobStore } from '@miosa/blobs';
import type { Database } from '@miosa/db';
import { atPoints, type FaultPoint } from '@miosa/runtime';

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
    put: (...args) => atPoints(point, 'blobs.put', undefined, () => blobs.put(...args)),
    putMany: (contents) => atPoints(point, 'blobs.putMany', undefined, () => blobs.putMany(contents)),
  };
};
