import type { Db } from '@miosa/db';
import type { SiteFile } from '../publish/storing.ts';
import { findUpload } from './store.ts';

/** Of the uploads held: some 25 MB. */
const MAX_FILES_HELD = 100_000;

/** An upload as those who send its contents need it; it never changes. */
export interface KnownUpload {
  readonly expiresAt: Date;
  /** A file for each content, by hash. */
  readonly files: ReadonlyMap<string, SiteFile>;
}

/**
 * The uploads that contents come for; the oldest is forgotten first. To look one hash up in a list of 10,000 files takes Postgres 4 ms, and is
 * asked 10,000 times.
 */
export const createKnownUploads = () => {
  const held = new Map<string, Promise<KnownUpload | undefined>>();
  const counts = new Map<string, number>();
  let files = 0;

  const forget = (key: string): void => {
    files -= counts.get(key) ?? 0;
    counts.delete(key);
    held.delete(key);
  };

  const load = async (db: Db, key: string, deploymentId: string, id: string): Promise<KnownUpload | undefined> => {
    const row = await findUpload(db, deploymentId, id);
    if (row === undefined) return undefined;
    const entries = row.files.map(({ path, sha256, size_bytes }): [string, SiteFile] => [sha256, { path, sha256, sizeBytes: size_bytes }]);
    const found: KnownUpload = { expiresAt: row.expires_at, files: new Map(entries.reverse()) };
    files += found.files.size;
    counts.set(key, found.files.size);
    for (const oldest of counts.keys()) {
      if (files <= MAX_FILES_HELD || oldest === key) break;
      forget(oldest);
    }
    return found;
  };

  return {
    /** Undefined: there is none. One that has expired is read again: it may be gone. */
    find: async (db: Db, deploymentId: string, id: string, now: Date): Promise<KnownUpload | undefined> => {
      const key = `${deploymentId} ${id}`;
      const under = held.get(key);
      if (under !== undefined) {
        const known = await under;
        if (known !== undefined && known.expiresAt > now) return known;
        if (held.get(key) === under) forget(key);
      }
      const again = held.get(key);
      if (again !== undefined) return again;
      const loading = load(db, key, deploymentId, id);
      held.set(key, loading);
      const found = await loading.catch((error: unknown) => {
        forget(key);
        throw error;
      });
      if (found === undefined) forget(key);
      return found;
    },
  };
};

export type KnownUploads = ReturnType<typeof createKnownUploads>;
