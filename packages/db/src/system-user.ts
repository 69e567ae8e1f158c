import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const lookUp = async (name: string): Promise<SystemUser | undefined> => {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((l) => l.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
};

/** The unprivileged system user of that name, made when absent (needs root). Several starters at once are fine. */
export const ensureSystemUser = async (name: string): Promise<SystemUser> => {
  const found = await lookUp(name);
  if (found !== undefined) return found;
  // The group first and by itself: another part may have made it alone, and `useradd --user-group` then refuses.
  await run('groupadd', ['--system', '--force', name]).catch(() => {});
  const failure = await run('useradd', [
    '--system',
    '--gid',
    name,
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    name,
  ]).then(
    () => undefined,
    (error: Error) => error,
  );
  const made = await lookUp(name);
  if (made === undefined)
    throw new Error(`The system user ${name} could not be made: ${failure?.message ?? 'useradd said nothing'}`, { cause: failure });
  return made;
};
