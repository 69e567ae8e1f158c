import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY } from './fs-writing.ts';

/** No put takes this long without a byte. */
const LEFT_OVER_MS = 3_600_000;

/** Removes what puts that a crash interrupted have left; what cannot be read or removed now is left to the next start. */
export const sweepTemporary = async (folder: string, stopped: () => boolean): Promise<void> => {
  const names = (path: string): Promise<string[]> => readdir(path).catch(() => []);
  for (const tenant of await names(folder)) {
    for (const part of await names(join(folder, tenant))) {
      if (stopped()) return;
      const left = (await names(join(folder, tenant, part))).filter((name) => TEMPORARY.test(name));
      for (const name of left) {
        const path = join(folder, tenant, part, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
        if (Date.now() - mtimeMs > LEFT_OVER_MS) await rm(path, { force: true }).catch(() => {});
      }
    }
  }
};
