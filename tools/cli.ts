/**
 * `./miosa cli …`: the command line from this checkout. Where neither environment nor login names a credential and this user may read the
 * data folder of the platform on this machine, its first key is used.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

interface Credentials {
  readonly api_url: string;
  readonly api_key: string;
}

const data = process.env.MIOSA_DATA ?? '/var/lib/miosa';
const file = join(data, 'credentials.json');
if (process.env.MIOSA_API_KEY === undefined && !existsSync(join(homedir(), '.miosa', 'config.json')) && existsSync(file)) {
  const { api_url, api_key } = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  process.env.MIOSA_API_KEY = api_key;
  process.env.MIOSA_BASE_URL ??= api_url;
  process.env.MIOSA_CA ??= join(data, 'tls', 'ca.pem');
}
await import('../packages/cli/src/main.ts');
