import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { UploadFile } from '../resources/upload.ts';

/** Of a project, what is no part of it. */
const LEFT_OUT = new Set(['.git', 'node_modules', '.cache', '.DS_Store']);

/** The files below a folder of this machine, for `deployments.versions.upload`. Links are left out. */
export const folderFiles = async (folder: string): Promise<UploadFile[]> => {
  const files: UploadFile[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (LEFT_OUT.has(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) {
        const { mode } = await stat(path);
        files.push({
          path: relative(folder, path).split(sep).join('/'),
          mode: `0${(mode & 0o777).toString(8)}`,
          read: () => readFile(path) as Promise<Uint8Array<ArrayBuffer>>,
        });
      }
    }
  };
  await walk(folder);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};
