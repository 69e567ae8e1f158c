import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Options {
  readonly data: string;
  readonly cache: string;
  readonly domain: string;
  /** Below which published apps have their host names. */
  readonly appsDomain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Another Postgres than the embedded one. */
  readonly databaseUrl: string | null;
  /** A store that counts for several hosts; null: this one counts alone. */
  readonly redisUrl: string | null;
  /** Mail server of the control plane; null: mails are files in the outbox. */
  readonly smtpUrl: string | null;
  readonly logLevel: string;
}

/** The checkout this process was started from. */
export const REPOSITORY = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})+$`);
/** Leaves room for `65535-<slug>.sandbox.` in the 253 characters of a name, and keeps the certificate's name constraint short. */
const MAX_DOMAIN = 100;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** A mistake of the person at the keyboard: one sentence and what to do, never a stack. */
export class SetupError extends Error {}

/** Reads the environment once; all mistakes are told together. */
export const readOptions = (env: Readonly<Record<string, string | undefined>>): Options => {
  const mistakes: string[] = [];
  const port = (name: string, standard: number): number => {
    const text = env[name] ?? String(standard);
    const value = Number(text);
    if (/^\d{1,5}$/.test(text) && value >= 1 && value <= 65_535) return value;
    mistakes.push(`${name} is '${text}', not a port between 1 and 65535`);
    return standard;
  };
  const options: Options = {
    data: resolve(env.MIOSA_DATA ?? '/var/lib/miosa'),
    cache: resolve(env.MIOSA_CACHE ?? '/var/cache/miosa'),
    domain: (env.MIOSA_DOMAIN ?? 'miosa.localhost').toLowerCase(),
    appsDomain: (env.MIOSA_APPS_DOMAIN || env.MIOSA_DOMAIN || 'miosa.localhost').toLowerCase(),
    httpPort: port('MIOSA_HTTP_PORT', 8080),
    httpsPort: port('MIOSA_HTTPS_PORT', 8443),
    databaseUrl: env.DATABASE_URL === undefined || env.DATABASE_URL === '' ? null : env.DATABASE_URL,
    redisUrl: env.REDIS_URL === undefined || env.REDIS_URL === '' ? null : env.REDIS_URL,
    smtpUrl: env.SMTP_URL === undefined || env.SMTP_URL === '' ? null : env.SMTP_URL,
    logLevel: env.MIOSA_LOG_LEVEL ?? 'info',
  };
  const domains = { MIOSA_DOMAIN: options.domain, MIOSA_APPS_DOMAIN: options.appsDomain };
  for (const [name, domain] of Object.entries(domains)) {
    if (!DOMAIN.test(domain) || domain.length > MAX_DOMAIN)
      mistakes.push(`${name} is '${domain}', not a host name such as miosa.localhost`);
  }
  if (options.httpPort === options.httpsPort) mistakes.push('the plain and the TLS port are the same');
  if (!LOG_LEVELS.includes(options.logLevel))
    mistakes.push(`MIOSA_LOG_LEVEL is '${options.logLevel}', not one of ${LOG_LEVELS.join(', ')}`);
  // Postgres' socket path has to fit into the 107 bytes of sockaddr_un, with `/run/pg/.s.PGSQL.5432` behind the folder.
  if (options.data.length > 60)
    mistakes.push(`the data folder's path has ${options.data.length} characters; unix sockets below it allow 60`);
  for (const folder of [options.data, options.cache]) {
    if (folder === '/' || /[\s:,]/.test(folder))
      mistakes.push(`'${folder}' cannot be a folder of the platform (no spaces, colons, commas; not /)`);
  }
  if (mistakes.length > 0) throw new SetupError(`${mistakes.join('; ')}.`);
  return Object.freeze(options);
};

/** Every path below the data and cache folders that more than one file needs. */
export const layoutOf = ({ data, cache }: Options) =>
  Object.freeze({
    lock: join(data, 'lock'),
    run: join(data, 'run'),
    /** There from before the first process starts until all have ended and cleaned up: found without a supervisor, it tells of a crash. */
    pids: join(data, 'run', 'pids.json'),
    app: join(data, 'run', 'app'),
    postgresSockets: join(data, 'run', 'pg'),
    agentSockets: join(data, 'run', 's'),
    controlSocket: join(data, 'run', 'control.sock'),
    internalSocket: join(data, 'run', 'internal.sock'),
    runnerSocket: join(data, 'run', 'runner.sock'),
    edgeSocket: join(data, 'run', 'edge.sock'),
    cluster: join(data, 'pg'),
    keys: join(data, 'keys'),
    tls: join(data, 'tls'),
    issuedCertificates: join(data, 'tls', 'issued'),
    edge: join(data, 'edge'),
    runner: join(data, 'runner'),
    logs: join(data, 'logs'),
    outbox: join(data, 'outbox'),
    blobs: join(data, 'blobs'),
    /** What the edge holds of a store elsewhere. */
    blobCache: join(data, 'cache', 'blobs'),
    /** For files that wait on disk; `/tmp` may be memory. */
    scratch: join(data, 'scratch'),
    credentials: join(data, 'credentials.json'),
    node: existsSync(join(cache, 'node', 'bin', 'node')) ? join(cache, 'node', 'bin', 'node') : process.execPath,
  });

export type Layout = ReturnType<typeof layoutOf>;
