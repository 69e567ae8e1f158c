/**
 * `./miosa cli …`: the command line from this checkout. Where neither environment nor login names a credential and this user may read the
 * data folder of the platform on this machine, its first key is used, and the first admin for what takes the session of a person.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

interface Credentials {
  readonly api_url: string;
  readonly api_key: string | null;
  readonly admin: { readonly email: string; readonly password: string };
}

const data = process.env.MIOSA_DATA ?? '/var/lib/miosa';
const file = join(data, 'credentials.json');
const mayRead = (): boolean => {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
};

const { env } = process;
if (env.MIOSA_API_KEY === undefined && !existsSync(join(homedir(), '.miosa', 'config.json')) && mayRead()) {
  const { api_url, api_key, admin } = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  if (api_key !== null) env.MIOSA_API_KEY = api_key;
  env.MIOSA_BASE_URL ??= api_url;
  env.MIOSA_CA ??= join(data, 'tls', 'ca.pem');
  if (env.MIOSA_EMAIL === undefined && env.MIOSA_PASSWORD === undefined)
    Object.assign(env, { MIOSA_EMAIL: admin.email, MIOSA_PASSWORD: admin.password });
}
await import('../packages/cli/src/main.ts');
