import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Three files of 16 MiB a process: enough for days at `info`, and a chatty fault cannot fill the disk. */
const MAX_BYTES = 16 * 2 ** 20;
const KEPT = 2;

export interface LogFile {
  write(chunk: Buffer | string): void;
  close(): void;
}

export const openLogFile = (path: string, maxBytes = MAX_BYTES): LogFile => {
  let fd = openSync(path, 'a', 0o640);
  let bytes = fstatSync(fd).size;
  const rotate = () => {
    closeSync(fd);
    for (let age = KEPT; age >= 1; age--) {
      try {
        renameSync(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`);
      } catch {
        // not there yet
      }
    }
    fd = openSync(path, 'a', 0o640);
    bytes = 0;
  };
  return {
    write: (chunk) => {
      try {
        if (bytes >= maxBytes) rotate();
        bytes += typeof chunk === 'string' ? writeSync(fd, chunk) : writeSync(fd, chunk);
      } catch {
        // A full disk must not take the supervisor down with it.
      }
    },
    close: () => {
      closeSync(fd);
      fd = -1; // the number may be another file's from now on, and a late line must not go there
    },
  };
};
