import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Files of cgroupfs are answered by the kernel from memory; synchronous access costs microseconds. */
export const read = (dir: string, name: string): string => readFileSync(join(dir, name), 'utf8').trim();

export const write = (dir: string, name: string, value: string | number): void => writeFileSync(join(dir, name), String(value));

/** A line `name value` of a cgroup file. */
export const field = (text: string, name: string): string =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1) ?? '0';

/** For settings that a kernel may be built without (swap accounting). */
export const writeIfPresent = (dir: string, name: string, value: string | number): void => {
  if (existsSync(join(dir, name))) write(dir, name, value);
};

export const children = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];

/** Polls until the condition holds; throws when it does not within the time. */
export const until = async (what: string, timeoutMs: number, condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  for (let waitMs = 1; !condition(); waitMs = Math.min(waitMs * 2, 20)) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await sleep(waitMs);
  }
};

const hasCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

const killAll = (dir: string): void => {
  for (const pid of read(dir, 'cgroup.procs').split('\n')) {
    // 0 is a process of another pid namespace: never signal it, kill(0) would be ourselves.
    if (Number(pid) > 0) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if (!hasCode(error, 'ESRCH')) throw error;
      }
    }
  }
};

/** Ends every process in a cgroup and removes it. A dying process keeps it busy for a moment. */
export const removeCgroup = (dir: string): Promise<void> =>
  until(`cgroup ${dir} stays busy`, 10_000, () => {
    try {
      rmdirSync(dir);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return true;
      if (!hasCode(error, 'EBUSY')) throw error;
      killAll(dir);
      return false;
    }
  });
