import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from './failure.ts';

/** `~/.miosa/config.json`: what `miosa login` remembers. */
export interface SavedLogin {
  readonly baseUrl?: string;
  readonly apiKey?: string;
  /** Set when the login made the key, so that `logout` revokes it. */
  readonly keyId?: string;
  readonly tenant?: string;
  /** Absolute file name of the CA to trust. */
  readonly ca?: string;
}

const fileIn = (configDir: string): string => join(configDir, 'config.json');

export const loadLogin = async (configDir: string): Promise<SavedLogin> => {
  const file = fileIn(configDir);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SavedLogin;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError(`${file} cannot be read (${(error as Error).message}). Run "miosa login" to write it anew, or delete it.`);
  }
};

/** Written beside and moved into place: a key is never in a file that others may read, and never half there. */
export const saveLogin = async (configDir: string, login: SavedLogin): Promise<string> => {
  const file = fileIn(configDir);
  await mkdir(configDir, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, file);
  return file;
};

export const forgetLogin = (configDir: string): Promise<void> => rm(fileIn(configDir), { force: true });
