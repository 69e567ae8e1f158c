import { readFileSync, writeFileSync } from 'node:fs';
import type { Log } from '@miosa/kernel';

/**
 * Of the user that makes the user namespaces, which is one for all sandboxes (inotify(7), user_namespaces(7)): with a distribution's 128
 * instances, files could be watched in a few dozen of a thousand sandboxes. What watches hold is charged to the sandbox's memory.
 */
const LEAST = [
  ['/proc/sys/fs/inotify/max_user_instances', 65_536],
  ['/proc/sys/fs/inotify/max_user_watches', 2_097_152],
] as const;

/** Raises what is too low for many sandboxes; never lowers anything, and leaves it so, as others may count on it by then. */
export const raiseHostLimits = (log: Log, least: readonly (readonly [path: string, value: number])[] = LEAST): void => {
  for (const [path, value] of least) {
    try {
      if (Number(readFileSync(path, 'utf8')) < value) writeFileSync(path, `${value}\n`);
    } catch (error) {
      log.warn({ err: error, path }, 'a limit of the host could not be raised; watching files may fail in some sandboxes');
    }
  }
};
