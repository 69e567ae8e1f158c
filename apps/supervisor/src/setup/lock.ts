import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from '../options.ts';

export interface Lock {
  release(): void;
}

/** The process that holds the data folder, or null. */
export const holderOf = (path: string): number | null => {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch {
    return null;
  }
  try {
    return isFree(fd) ? null : Number.parseInt(readFileSync(path, 'utf8'), 10) || null;
  } finally {
    closeSync(fd);
  }
};

/**
 * `flock(1)` locks the open file we hand it, and the kernel keeps that lock for as long as this process has it open: gone after `kill -9`,
 * never stale, no race between two starters. A file with a process id has all three faults.
 */
const isFree = (fd: number): boolean => spawnSync('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status === 0;

/** One supervisor per data folder. */
export const takeLock = (path: string): Lock => {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a+', 0o644);
  if (!isFree(fd)) {
    const holder = readFileSync(path, 'utf8').trim();
    closeSync(fd);
    throw new SetupError(
      `the platform of this data folder is already running (process ${holder}). Use it, stop it with './miosa down', or give another folder with --data.`,
    );
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return { release: () => closeSync(fd) };
};
