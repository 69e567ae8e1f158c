import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPostgres, openDatabase, type SystemUser } from '@miosa/db';
import { type Layout, type Options, REPOSITORY } from '../options.ts';
import type { ServiceSpec } from './service.ts';
import { ask, isReady } from './socket.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const LOWEST_FREE_PORT = 1024;
/** Hundreds of sandboxes on a busy machine. */
const SHUTDOWN_WITHIN_MS = 90_000;

/** Settings for experts go to their process by prefix; nothing else is inherited from the terminal. */
const tuning = (prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (name.startsWith(prefix) && value !== undefined ? [[name, value]] : [])),
  );

/** All a child gets to know. */
const environment = (options: Options): Record<string, string> => ({
  PATH,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  NODE_ENV: 'production',
  MIOSA_DATA: options.data,
  MIOSA_CACHE: options.cache,
  MIOSA_DOMAIN: options.domain,
  MIOSA_APPS_DOMAIN: options.appsDomain,
  MIOSA_HTTP_PORT: String(options.httpPort),
  MIOSA_HTTPS_PORT: String(options.httpsPort),
  MIOSA_LOG_LEVEL: options.logLevel,
});

/** `KILL` on the supervisor's death: a child without its watcher would never be restarted, and hold sockets and ports of the next start. */
const DIES_WITH_PARENT = ['--pdeathsig', 'KILL'];

const asService = ({ uid, gid }: SystemUser, capability: string | null): string[] => [
  `--reuid=${uid}`,
  `--regid=${gid}`,
  '--clear-groups',
  '--no-new-privs',
  `--inh-caps=-all${capability === null ? '' : `,+${capability}`}`,
  ...(capability === null ? [] : [`--ambient-caps=+${capability}`]),
  `--bounding-set=-all${capability === null ? '' : `,+${capability}`}`,
  ...DIES_WITH_PARENT,
];

const program = (layout: Layout, code: string, app: string): string[] => [layout.node, join(code, 'apps', app, 'src', 'main.ts')];

export const runnerSpec = (options: Options, layout: Layout): ServiceSpec => ({
  name: 'runner',
  command: async () => ({
    file: 'setpriv',
    args: [...DIES_WITH_PARENT, '--', ...program(layout, REPOSITORY, 'runner')],
    env: {
      ...environment(options),
      ...tuning('MIOSA_RUN'),
      ...tuning('MIOSA_WARM_POOL'),
      ...tuning('MIOSA_EGRESS_CA'),
      MIOSA_AGENT_BIN: realpathSync(join(options.cache, 'agent', 'current', 'agent')),
      MIOSA_LAUNCH_BIN: realpathSync(join(options.cache, 'agent', 'current', 'launch')),
    },
  }),
  ready: () => isReady(layout.runnerSocket, '/healthz'),
  // Ends the sandboxes' processes and keeps their files; a plain SIGTERM would leave them running for the next runner to adopt.
  cleanUp: async (child) => {
    const { status } = await ask(layout.runnerSocket, 'POST', '/shutdown', { timeoutMs: SHUTDOWN_WITHIN_MS }).catch(() => ({ status: 0 }));
    child.kill('SIGTERM');
    return status === 200;
  },
  graceMs: SHUTDOWN_WITHIN_MS + 5000,
});

const unprivileged =
  (options: Options, layout: Layout, user: SystemUser, databaseUrl: string, app: string, capability: string | null) => async () => ({
    file: 'setpriv',
    args: [...asService(user, capability), '--', ...program(layout, layout.app, app)],
    env: {
      ...environment(options),
      ...tuning(`MIOSA_${app.replace('-', '_').toUpperCase()}_`),
      // Where the contents of releases are, and the credentials for it.
      ...tuning('MIOSA_BLOBS'),
      DATABASE_URL: databaseUrl,
    },
  });

/** Owner: who migrates; null when the control plane's own user does. */
export interface DatabaseUrls {
  readonly owner: string | null;
  readonly controlPlane: string;
}

export const controlPlaneSpec = (options: Options, layout: Layout, user: SystemUser, database: DatabaseUrls): ServiceSpec => ({
  name: 'control-plane',
  command: async () => {
    const command = await unprivileged(options, layout, user, database.controlPlane, 'control-plane', null)();
    const owner = database.owner === null ? {} : { MIOSA_CONTROL_PLANE_MIGRATION_URL: database.owner };
    const redis = options.redisUrl === null ? {} : { REDIS_URL: options.redisUrl };
    const smtp = options.smtpUrl === null ? {} : { SMTP_URL: options.smtpUrl };
    return { ...command, env: { ...command.env, TMPDIR: layout.scratch, ...owner, ...redis, ...smtp } };
  },
  ready: async () => (await isReady(layout.controlSocket, '/readyz')) && (await isReady(layout.internalSocket, '/healthz')),
  graceMs: 8000,
});

export const edgeSpec = (options: Options, layout: Layout, user: SystemUser, databaseUrl: string): ServiceSpec => {
  const low = options.httpPort < LOWEST_FREE_PORT || options.httpsPort < LOWEST_FREE_PORT;
  return {
    name: 'edge',
    command: unprivileged(options, layout, user, databaseUrl, 'edge', low ? 'net_bind_service' : null),
    ready: () => isReady(layout.edgeSocket, '/readyz'),
    graceMs: 5000,
  };
};

/** A server whose supervisor was killed is still closing its files (SIGINT at the parent's death): wait for it, do not fight it. */
export const predecessorGone = async (cluster: string): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const pid = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0];
      if (readlinkSync(`/proc/${pid}/cwd`) !== cluster) return;
    } catch {
      return;
    }
    await sleep(50);
  }
};

export const postgresSpec = (layout: Layout, server: EmbeddedPostgres): ServiceSpec => ({
  name: 'postgres',
  command: async () => {
    await predecessorGone(layout.cluster);
    await server.initdb();
    return server.command();
  },
  ready: async () => {
    const db = openDatabase(server.url);
    try {
      return await db.ping().then(
        () => true,
        (error: { code?: string }) => error.code === '3D000', // it answers; the database itself is made by the first migration
      );
    } finally {
      await db.close();
    }
  },
  stop: (child) => void child.kill('SIGINT'),
  // The database is made by the first migration; closing ends connections.
  expected: / LOG: {2}|database "\w+" does not exist|terminating connection due to administrator command/,
  graceMs: 10_000,
});
