import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const isMounted = (path: string): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);

export const removeCodeView = (path: string): void => {
  while (isMounted(path)) {
    if (spawnSync('umount', ['--lazy', path], { stdio: 'ignore' }).status !== 0) return;
  }
};

/**
 * Shows the checkout read-only below the data folder. Control plane and edge run as `miosa`, who may not enter `/root/miosa`; a bind mount
 * needs no permission on the folders above its source, costs a millisecond, is never stale (a copy of source and node_modules would be
 * 300 MB to keep in step) and cannot be written by the services. A mount left by a killed supervisor is replaced.
 */
export const showCode = (repository: string, path: string): void => {
  removeCodeView(path);
  execFileSync('mount', ['--bind', '-o', 'ro,nosuid,nodev', repository, path], { stdio: ['ignore', 'ignore', 'pipe'] });
};
