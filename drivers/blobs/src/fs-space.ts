import { statfs } from 'node:fs/promises';
import { full, ofSystem } from './faults.ts';

/** Room that was seen is believed for so long; a full disk is looked at every time, so that publishing goes on at once when there is room. */
const BELIEVED_MS = 1000;
const MIB = 2 ** 20;

/** Keeps a part of the disk free: a database on the same disk must not stop because somebody publishes. */
export const createSpace = (folder: string, minFreeBytes: number) => {
  let room = 0;
  let believedUntil = 0;
  return {
    /** STORAGE_FULL when fewer than `minFreeBytes` would stay free. */
    take: async (bytes: number): Promise<void> => {
      if (Date.now() >= believedUntil || room < bytes) {
        const { bavail, bsize } = await statfs(folder).catch(ofSystem);
        room = bavail * bsize - minFreeBytes;
        believedUntil = Date.now() + BELIEVED_MS;
      }
      if (room < bytes) throw full(`${folder} must keep ${Math.round(minFreeBytes / MIB)} MiB free`);
      room -= bytes;
    },
  };
};

export type Space = ReturnType<typeof createSpace>;
