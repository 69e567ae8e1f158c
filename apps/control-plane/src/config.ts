import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BlobSettings, readBlobSettings } from '@miosa/blobs';
import type { Names } from '@miosa/hostnames';
import { type NetworkPolicy, networkPolicyOf } from '@miosa/kernel';
import { DEFAULT_POLICY as DEPLOYMENTS_DEFAULT, type DeploymentPolicy, deploymentPolicyOf } from './modules/deployments/policy.ts';
import { DEFAULT_POLICY, type SandboxPolicy, sandboxPolicyOf } from './modules/sandboxes/policy.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const REGISTRATIONS = ['open', 'invite', 'closed'] as const;

export interface Keys {
  /** Ed25519, PKCS8 PEM: mints preview and share tokens. */
  readonly previewKeyPem: string;
  /** SPKI PEM of every key whose signatures count: `preview.pub`, and `preview-<name>.pub` while keys are being changed. */
  readonly previewPublicKeys: readonly string[];
  /** 64 bytes: signs access and refresh tokens. */
  readonly jwtSecret: Buffer;
  /** Earlier secrets whose tokens still count (`jwt-<name>.secret`). */
  readonly earlierJwtSecrets: readonly Buffer[];
  /** 32 bytes: seals values at rest; other keys are derived from it. */
  readonly sealKey: Buffer;
}

export interface Config {
  readonly databaseUrl: string;
  /** Of the owner of the schema, who migrates; the control plane itself works with fewer rights. Default: the same. */
  readonly migrationUrl: string;
  /** Pool size of this process. */
  readonly databaseConnections: number;
  readonly names: Names;
  readonly rateLimits: {
    readonly enabled: boolean;
    /** Store shared by several hosts; null: this process counts alone. */
    readonly redisUrl: string | null;
  };
  readonly mail: {
    /** `smtp://` or `smtps://`; null: mails are files in `outbox`. */
    readonly smtpUrl: string | null;
    readonly from: string;
    readonly outbox: string;
  };
  /** What the operator lets sandboxes reach; null = everything that is public. */
  readonly networkPolicy: NetworkPolicy | null;
  /** What the operator lets sandboxes take of the installation. */
  readonly sandboxPolicy: SandboxPolicy;
  readonly deploymentPolicy: DeploymentPolicy;
  /** Who may make an account. */
  readonly registration: 'open' | 'invite' | 'closed';
  readonly logLevel: string;
  /** For fault tests; empty = none. See `openFaultPoints`. */
  readonly faultPoints: string;
  readonly keys: Keys;
  /** Where contents of releases are kept; the folder, when that is this host. */
  readonly blobs: BlobSettings;
  readonly blobsFolder: string;
  /** Of the certificate issuer. */
  readonly tlsFolder: string;
  readonly sockets: { readonly public: string; readonly internal: string; readonly runner: string };
}

type Env = Readonly<Record<string, string | undefined>>;

const readText = (path: string): string => readFileSync(path, 'utf8');
/** An unreadable folder shows by the files that must be in it. */
const listNames = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const SANDBOXES = 'MIOSA_CONTROL_PLANE_SANDBOX_POLICY';
const sandboxPolicy = (text: string | undefined, mistakes: string[]): SandboxPolicy => {
  if (text === undefined || text === '') return DEFAULT_POLICY;
  try {
    return sandboxPolicyOf(SANDBOXES, JSON.parse(text));
  } catch (error) {
    mistakes.push(error instanceof SyntaxError ? `${SANDBOXES} must be a policy as JSON` : (error as Error).message);
    return DEFAULT_POLICY;
  }
};

const DEPLOYMENTS = 'MIOSA_CONTROL_PLANE_DEPLOYMENTS';
const deploymentPolicy = (text: string | undefined, mistakes: string[]): DeploymentPolicy => {
  if (text === undefined || text === '') return DEPLOYMENTS_DEFAULT;
  try {
    return deploymentPolicyOf(DEPLOYMENTS, JSON.parse(text));
  } catch (error) {
    mistakes.push(error instanceof SyntaxError ? `${DEPLOYMENTS} must be a policy as JSON` : (error as Error).message);
    return DEPLOYMENTS_DEFAULT;
  }
};

const POLICY = 'MIOSA_CONTROL_PLANE_NETWORK_POLICY';
const operatorPolicy = (text: string | undefined, mistakes: string[]): NetworkPolicy | null => {
  if (text === undefined || text === '') return null;
  try {
    return networkPolicyOf(POLICY, JSON.parse(text));
  } catch (error) {
    mistakes.push(error instanceof SyntaxError ? `${POLICY} must be a network policy as JSON` : (error as Error).message);
    return null;
  }
};

/** Reads the environment and the key files once. Throws one error that names every mistake. */
export const readConfig = (env: Env, readFile = readText, listFolder = listNames): Config => {
  const mistakes: string[] = [];
  const integer = (name: string, standard: number, [least, most]: readonly [number, number]): number => {
    const value = Number(env[name] ?? standard);
    if (!Number.isInteger(value) || value < least || value > most) mistakes.push(`${name} must be a whole number from ${least} to ${most}`);
    return value;
  };
  const data = resolve(env.MIOSA_DATA ?? '/var/lib/miosa');
  const run = (name: string): string => join(data, 'run', name);
  const key = (name: string): string => {
    const path = join(data, 'keys', name);
    try {
      return readFile(path).trim();
    } catch (error) {
      mistakes.push(`${path} cannot be read: ${(error as Error).message}`);
      return '';
    }
  };
  /** Further keys beside the main one, while keys are being changed: `preview-<name>.pub`, `jwt-<name>.secret`. */
  const further = (pattern: RegExp): string[] =>
    listFolder(join(data, 'keys'))
      .filter((name) => pattern.test(name))
      .sort();
  const secret = (name: string, bytes: number): Buffer => {
    const text = key(name);
    if (text !== '' && !new RegExp(`^[0-9a-f]{${bytes * 2}}$`, 'i').test(text))
      mistakes.push(`${join(data, 'keys', name)} must hold ${bytes} bytes in hexadecimal`);
    return Buffer.from(text, 'hex');
  };

  const domain = (env.MIOSA_DOMAIN ?? 'miosa.localhost').toLowerCase();
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) mistakes.push(`MIOSA_DOMAIN must be a host name such as miosa.localhost`);
  const appsDomain = (env.MIOSA_APPS_DOMAIN || domain).toLowerCase();
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(appsDomain)) mistakes.push(`MIOSA_APPS_DOMAIN must be a host name such as miosa.localhost`);
  const logLevel = env.MIOSA_LOG_LEVEL ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) mistakes.push(`MIOSA_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  const databaseUrl = env.DATABASE_URL ?? `postgresql://miosa@localhost/miosa?host=${encodeURIComponent(run('pg'))}`;
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) mistakes.push('DATABASE_URL must be a postgresql:// URL');
  const redisUrl = env.REDIS_URL === undefined || env.REDIS_URL === '' ? null : env.REDIS_URL;
  if (redisUrl !== null && !(/^(rediss?|unix):\/\//.test(redisUrl) && URL.canParse(redisUrl)))
    mistakes.push('REDIS_URL must be a redis://, rediss:// or unix:// URL');
  const rateLimits = env.MIOSA_CONTROL_PLANE_RATE_LIMITS ?? 'on';
  if (!['on', 'off'].includes(rateLimits)) mistakes.push('MIOSA_CONTROL_PLANE_RATE_LIMITS must be on or off');

  const smtpUrl = env.SMTP_URL === undefined || env.SMTP_URL === '' ? null : env.SMTP_URL;
  if (smtpUrl !== null && !(/^smtps?:\/\//.test(smtpUrl) && URL.canParse(smtpUrl)))
    mistakes.push('SMTP_URL must be a smtp:// or smtps:// URL');
  const from = env.MIOSA_CONTROL_PLANE_MAIL_FROM ?? `no-reply@${domain}`;
  if (!/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(from)) mistakes.push('MIOSA_CONTROL_PLANE_MAIL_FROM must be one plain e-mail address');
  const registration = REGISTRATIONS.find((word) => word === (env.MIOSA_CONTROL_PLANE_REGISTRATION ?? 'invite'));
  if (registration === undefined) mistakes.push(`MIOSA_CONTROL_PLANE_REGISTRATION must be one of ${REGISTRATIONS.join(', ')}`);

  const networkPolicy = operatorPolicy(env.MIOSA_CONTROL_PLANE_NETWORK_POLICY, mistakes);

  const config: Config = {
    databaseUrl,
    migrationUrl: env.MIOSA_CONTROL_PLANE_MIGRATION_URL ?? databaseUrl,
    databaseConnections: integer('MIOSA_CONTROL_PLANE_DB_CONNECTIONS', 10, [1, 500]),
    names: {
      domain,
      appsDomain,
      httpPort: integer('MIOSA_HTTP_PORT', 8080, [1, 65_535]),
      httpsPort: integer('MIOSA_HTTPS_PORT', 8443, [1, 65_535]),
    },
    rateLimits: { enabled: rateLimits === 'on', redisUrl },
    mail: { smtpUrl, from, outbox: join(data, 'outbox') },
    networkPolicy,
    sandboxPolicy: sandboxPolicy(env[SANDBOXES], mistakes),
    deploymentPolicy: deploymentPolicy(env[DEPLOYMENTS], mistakes),
    registration: registration ?? 'closed',
    logLevel,
    faultPoints: env.MIOSA_CONTROL_PLANE_FAULT_POINTS ?? '',
    keys: {
      previewKeyPem: key('preview.key'),
      previewPublicKeys: ['preview.pub', ...further(/^preview-[\w-]+\.pub$/)].map(key),
      jwtSecret: secret('jwt.secret', 64),
      earlierJwtSecrets: further(/^jwt-[\w-]+\.secret$/).map((name) => secret(name, 64)),
      sealKey: secret('seal.key', 32),
    },
    blobs: readBlobSettings(env, mistakes),
    blobsFolder: join(data, 'blobs'),
    tlsFolder: join(data, 'tls'),
    sockets: { public: run('control.sock'), internal: run('internal.sock'), runner: run('runner.sock') },
  };
  if (mistakes.length > 0) throw new Error(`The control plane cannot start:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`);
  return Object.freeze(config);
};
