import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BlobSettings, readBlobSettings } from '@miosa/blobs';
import type { Names } from '@miosa/hostnames';

export interface Config {
  readonly names: Names;
  readonly databaseUrl: string;
  readonly logLevel: string;
  /** Requests per second and burst, per visitor IP and preview host (contract 4.4: 100 and 200). 0 turns the limit off. */
  readonly rate: { readonly perSecond: number; readonly burst: number };
  readonly maxConnections: number;
  /** How long an app may take to begin its answer (contract 6: 60 s). Milliseconds. */
  readonly firstByteMs: number;
  readonly tlsFolder: string;
  /** Routes remembered over a restart. */
  readonly routesFile: string;
  /** Where contents of releases are kept; the folder, when that is this host; else the cache of this host, and its limit. */
  readonly blobs: BlobSettings;
  readonly blobsFolder: string;
  readonly blobCache: { readonly folder: string; readonly maxBytes: number };
  readonly controlSocket: string;
  readonly internalSocket: string;
  /** Own health and metrics. */
  readonly opsSocket: string;
  /** SPKI PEM; several while signing keys are being changed. */
  readonly previewPublicKeys: readonly string[];
  readonly keysFolder: string;
  readonly cookieSecret: Buffer;
}

type Env = Readonly<Record<string, string | undefined>>;

const DOMAIN = /^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** `preview.pub`, and every `preview-<name>.pub` beside it. */
const publicKeyNames = (folder: string): string[] => {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return ['preview.pub', ...names.filter((name) => /^preview-[\w-]+\.pub$/.test(name)).sort()];
};

/** The public keys as they are now. Throws when one cannot be read. */
export const readPublicKeys = (folder: string): string[] => publicKeyNames(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

/** Reads environment and key files once; all mistakes are reported together. */
export const readConfig = (env: Env): Config => {
  const mistakes: string[] = [];
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name] ?? String(fallback);
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) mistakes.push(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
    return value;
  };
  const file = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      mistakes.push(`cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
      return '';
    }
  };
  const data = env.MIOSA_DATA ?? '/var/lib/miosa';
  const domain = (env.MIOSA_DOMAIN ?? 'miosa.localhost').toLowerCase();
  if (!DOMAIN.test(domain)) mistakes.push(`MIOSA_DOMAIN must be a host name (IDN as punycode), not "${domain}"`);
  const appsDomain = (env.MIOSA_APPS_DOMAIN || domain).toLowerCase();
  if (!DOMAIN.test(appsDomain)) mistakes.push(`MIOSA_APPS_DOMAIN must be a host name (IDN as punycode), not "${appsDomain}"`);
  const databaseUrl = env.DATABASE_URL ?? '';
  if (!/^postgres(?:ql)?:/.test(databaseUrl)) mistakes.push('DATABASE_URL must be a postgresql:// URL');
  const logLevel = env.MIOSA_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(logLevel)) mistakes.push(`MIOSA_LOG_LEVEL must be one of ${LEVELS.join(' ')}`);
  const secret = file(join(data, 'keys/edge.secret')).trim();
  if (secret !== '' && !/^[0-9a-f]{64}$/i.test(secret)) mistakes.push('keys/edge.secret must hold 32 bytes as hex');
  const config: Config = Object.freeze({
    names: Object.freeze({
      domain,
      appsDomain,
      httpPort: number('MIOSA_HTTP_PORT', 8080, 1, 65_535),
      httpsPort: number('MIOSA_HTTPS_PORT', 8443, 1, 65_535),
    }),
    databaseUrl,
    logLevel,
    rate: Object.freeze({
      perSecond: number('MIOSA_EDGE_RATE', 100, 0, 1_000_000),
      burst: number('MIOSA_EDGE_BURST', 200, 1, 1_000_000),
    }),
    maxConnections: number('MIOSA_EDGE_MAX_CONNECTIONS', 10_000, 1, 1_000_000),
    firstByteMs: 1000 * number('MIOSA_EDGE_FIRST_BYTE_SECONDS', 60, 1, 3600),
    tlsFolder: join(data, 'tls'),
    blobs: readBlobSettings(env, mistakes),
    blobsFolder: join(data, 'blobs'),
    blobCache: Object.freeze({
      folder: join(data, 'cache/blobs'),
      maxBytes: 2 ** 20 * number('MIOSA_EDGE_CACHE_MIB', 4096, 1, 100_000_000),
    }),
    routesFile: join(data, 'edge/routes.json'),
    controlSocket: join(data, 'run/control.sock'),
    internalSocket: join(data, 'run/internal.sock'),
    opsSocket: join(data, 'run/edge.sock'),
    previewPublicKeys: publicKeyNames(join(data, 'keys')).map((name) => file(join(data, 'keys', name))),
    keysFolder: join(data, 'keys'),
    cookieSecret: Buffer.from(secret, 'hex'),
  });
  if (mistakes.length > 0) throw new Error(`The edge cannot start:\n- ${mistakes.join('\n- ')}`);
  return config;
};
