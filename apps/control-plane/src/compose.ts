import { hkdfSync } from 'node:crypto';
import { openBlobs } from '@miosa/blobs';
import { type Database, databaseFault, openDatabase, postgresIdempotency } from '@miosa/db';
import { apiUrl } from '@miosa/hostnames';
import { createServer, type Route, type Server } from '@miosa/http';
import type { Log } from '@miosa/kernel';
import { createMemoryLimiter, createRedisLimiter, type RateLimiter, withFallback } from '@miosa/limits';
import { createOutbox, createSmtpMailer, type Mailer } from '@miosa/mail';
import { createOciRuntime, openFaultPoints, type RuntimePort, runtimeAtPoints } from '@miosa/runtime';
import type { Config } from './config.ts';
import { blobsAtPoints, databaseAtPoints } from './fault-points.ts';
import { type Access, accessRoutes, createAccess, createOutgoing, hasScope, limitsOf } from './modules/access/index.ts';
import { adminRoutes } from './modules/admin/index.ts';
import { type Audit, auditRoutes, createAudit } from './modules/audit/index.ts';
import { type BrowserTokens, browserTokenRoutes, createBrowserTokens } from './modules/browser-tokens/index.ts';
import { createDeployments, type Deployments } from './modules/deployments/index.ts';
import { domainRoutes, localIssuer } from './modules/domains/index.ts';
import { createEvents, type Events, eventRoutes } from './modules/events/index.ts';
import { membersRoutes } from './modules/members/index.ts';
import { createSandboxes, type Sandboxes } from './modules/sandboxes/index.ts';
import { createTenancy, tenancyRoutes, visibleWorkspaces } from './modules/tenancy/index.ts';
import { ACCOUNT_PAGES } from './pages/account.ts';
import { VERSION } from './version.ts';

/** How often expired idempotency records are removed: they stop counting after 24 h whether or not they are still there. */
const PURGE_MS = 10 * 60_000;
/** A host that does not answer for that long is down to a readiness probe. */
const PROBE_MS = 1000;

/** Together below the 8 s after which the supervisor kills. */
const REQUEST_GRACE_MS = 4000;
const BACKGROUND_GRACE_MS = 2000;

export interface ControlPlane {
  readonly server: Server;
  readonly routes: readonly Route[];
  /** Starts what runs without being asked: credential signals, reconcilers. */
  start(): Promise<void>;
  /** Requests first, then reconcilers, then connections. */
  close(): Promise<void>;
}

const answers = async (probe: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, PROBE_MS, false);
  });
  const result = await Promise.race([probe.then(() => true).catch(() => false), late]);
  clearTimeout(timer);
  return result;
};

const purging = (db: Database, access: Access, browserTokens: BrowserTokens, log: Log): NodeJS.Timeout =>
  setInterval(() => {
    Promise.all([postgresIdempotency(db).purge(), browserTokens.purge(), access.purge()]).catch((error: unknown) =>
      log.warn({ error }, 'expired idempotency records, tickets and codes not removed'),
    );
  }, PURGE_MS).unref();

/** Null: nothing is limited, which is for tests and measurements. */
const createLimiter = ({ enabled, redisUrl }: Config['rateLimits'], log: Log): RateLimiter | null => {
  if (!enabled) return null;
  const local = createMemoryLimiter();
  return redisUrl === null ? local : withFallback(createRedisLimiter({ url: redisUrl, log }), local, log);
};

const createMailer = ({ smtpUrl, from, outbox }: Config['mail']): Mailer =>
  smtpUrl === null ? createOutbox(outbox) : createSmtpMailer({ url: smtpUrl, from });

interface Parts {
  readonly mailer: Mailer;
  readonly limiter: RateLimiter | null;
  readonly db: Database;
  readonly runtime: RuntimePort & { close(): void };
  readonly access: Access;
  readonly audit: Audit;
  readonly events: Events;
  readonly sandboxes: Sandboxes;
  readonly deployments: Deployments;
  readonly browserTokens: BrowserTokens;
}

const startedAndStopped = (
  { db, limiter, mailer, runtime, access, audit, events, sandboxes, deployments, browserTokens }: Parts,
  server: Server,
  log: Log,
): Pick<ControlPlane, 'start' | 'close'> => {
  let purge: NodeJS.Timeout | undefined;
  return {
    start: async () => {
      await access.start();
      audit.start();
      await events.start();
      sandboxes.jobs.start();
      deployments.jobs.start();
      purge = purging(db, access, browserTokens, log);
    },
    close: async () => {
      await server.close();
      clearInterval(purge);
      await deployments.close(BACKGROUND_GRACE_MS);
      await sandboxes.close(BACKGROUND_GRACE_MS);
      await events.close();
      await access.close();
      await mailer.close();
      await audit.close();
      runtime.close();
      await limiter?.close();
      await db.close();
    },
  };
};

const derived = (sealKey: Buffer, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', sealKey, '', purpose, 32));

/** The one place that names drivers and joins modules. The database must be migrated. */
export const compose = async (
  config: Config,
  log: Log,
  driver: RuntimePort & { close(): void } = createOciRuntime({ socketPath: config.sockets.runner }),
): Promise<ControlPlane> => {
  const { names, keys } = config;
  const point = openFaultPoints(config.faultPoints);
  const runtime = runtimeAtPoints(driver, point);
  const database = openDatabase(config.databaseUrl, { connections: config.databaseConnections, applicationName: 'miosa-control-plane' });
  const db = databaseAtPoints(database, point);
  const limiter = createLimiter(config.rateLimits, log);
  const tenancy = createTenancy({ db });
  const audit = createAudit({ db, log, attestationKey: derived(keys.sealKey, 'miosa audit attestation v1') });
  const mailer = createMailer(config.mail);
  const access = createAccess({
    db,
    tenancy,
    log,
    jwtSecretHex: keys.jwtSecret.toString('hex'),
    earlierJwtSecretsHex: keys.earlierJwtSecrets.map((secret) => secret.toString('hex')),
    outgoing: createOutgoing(mailer, apiUrl(names), log),
  });
  const events = createEvents({ db, log });
  const sandboxes = await createSandboxes({
    ...{ db, runtime, tenancy, events, names, log, previewKeyPem: keys.previewKeyPem, sealKey: keys.sealKey },
    operatorNetworkPolicy: config.networkPolicy,
    policy: config.sandboxPolicy,
    mintTicket: (op, path) => browserTokens.mintTicket(op, path),
  });
  const deployments = createDeployments({
    ...{ db, tenancy, events, names, log, sealKey: keys.sealKey, machines: sandboxes.machines },
    blobs: blobsAtPoints(openBlobs(config.blobs, { folder: config.blobsFolder, sweeps: true }), point),
    policy: config.deploymentPolicy,
  });
  const signingKeys = { privateKeyPem: keys.previewKeyPem, publicKeys: keys.previewPublicKeys };
  const browserTokens = createBrowserTokens({ db, access, tenancy, sandboxes: sandboxes.boundaries, signingKeys: () => signingKeys, log });
  const readiness = async () => {
    const [database, runner] = await Promise.all([answers(db.ping()), answers(runtime.capabilities())]);
    return { database, runner };
  };
  const routes = [
    ...tenancyRoutes(tenancy),
    ...accessRoutes(access),
    ...membersRoutes({ db, tenancy, access, registration: config.registration }),
    ...auditRoutes({ db }),
    ...browserTokenRoutes(browserTokens),
    ...eventRoutes({ db, events, hasScope, visibleWorkspaces }),
    ...sandboxes.routes,
    ...deployments.routes,
    ...domainRoutes({ db, names, issuer: localIssuer(config.tlsFolder) }),
    ...adminRoutes({ db, access, tenancy, browserTokens, readiness, version: VERSION }),
  ];
  const server = await createServer({
    routes,
    pages: ACCOUNT_PAGES,
    authenticate: access.authenticate,
    authorize: access.authorize,
    watchCredential: access.watchCredential,
    onRefused: audit.refusals.note,
    originAllowed: browserTokens.originAllowed,
    redeemTicket: browserTokens.redeemTicket,
    ...(limiter === null ? {} : { limits: { limiter, limitsOf } }),
    idempotency: postgresIdempotency(db),
    translate: databaseFault,
    readiness,
    log,
    version: VERSION,
    apiUrl: apiUrl(names),
    cursorSecret: derived(keys.sealKey, 'miosa list cursors v1'),
    graceMs: REQUEST_GRACE_MS,
  });
  return {
    server,
    routes,
    ...startedAndStopped({ db, limiter, mailer, runtime, access, audit, events, sandboxes, deployments, browserTokens }, server, log),
  };
};
