import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BlobStore, cachedBlobs, openBlobs } from '@miosa/blobs';
import { openDatabase } from '@miosa/db';
import { type Config, readConfig, readPublicKeys } from './config.ts';
import { createEdge } from './edge.ts';
import { drain, httpListener, httpsListener, listen } from './listener.ts';
import { createLog } from './log.ts';
import { createOps, listenOn } from './ops.ts';
import { createDeploymentStore } from './routes/deployment-store.ts';
import { createSnapshotWriter, readSnapshot } from './routes/snapshot.ts';
import { createRouteStore } from './routes/store.ts';
import { createStatic } from './static/static.ts';
import { readCertificate, watchCertificate } from './tls.ts';

/** Requests under way get this long after SIGTERM; the supervisor waits 5 s. */
const DRAIN_MS = 3_000;
const DATABASE_CONNECTIONS = 4;
/** Longer than a database that is up takes to say everything; then what an earlier life has remembered is served. */
const FIRST_READING_MS = 2_000;
/** For what is asked for often; the rest is read when it is asked for. */
const STATIC_MEMORY = { maxManifestBytes: 64 * 2 ** 20, maxFileBytes: 96 * 2 ** 20 };

/** Files of this host as they are; those of another through a cache on this one. */
const openContents = ({ blobs, blobsFolder, blobCache }: Config): BlobStore => {
  const store = openBlobs(blobs, { folder: blobsFolder });
  return blobs.kind === 'fs' ? store : cachedBlobs({ store, ...blobCache });
};

const start = async (config: Config): Promise<() => Promise<void>> => {
  const log = createLog(config.logLevel);
  const database = openDatabase(config.databaseUrl, { connections: DATABASE_CONNECTIONS, applicationName: 'miosa-edge' });
  let publicKeys = config.previewPublicKeys;
  const blobs = openContents(config);
  const sites = createStatic({ blobs, log, ...STATIC_MEMORY });
  const edge = createEdge({
    ...config,
    logsRequests: config.logLevel === 'debug' || config.logLevel === 'trace',
    previewPublicKeys: () => publicKeys,
    store: createRouteStore(database),
    deploymentStore: createDeploymentStore(database),
    sites,
    log,
  });
  const http = httpListener(edge.dispatch, config.maxConnections);
  const https = httpsListener(edge.dispatch, config.maxConnections, await readCertificate(config.tlsFolder), edge.contextFor);
  const certificates = watchCertificate(
    config.tlsFolder,
    (certificate) => {
      https.setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
      log.info({}, 'new TLS certificate in use');
    },
    log,
  );
  process.on('SIGHUP', () => {
    certificates.reload();
    try {
      publicKeys = readPublicKeys(config.keysFolder);
      log.info({ keys: publicKeys.length }, 'public keys of tokens read again');
    } catch (error) {
      log.error({ error }, 'public keys of tokens cannot be read; the old ones stay in use');
    }
  });
  const ops = createOps({
    registry: edge.metrics.registry,
    readiness: () => ({ routes: edge.world.following, listening: https.listening }),
  });
  const stopping = new AbortController();
  edge.deployments.restore(await readSnapshot(config.routesFile, log));
  const snapshot = createSnapshotWriter(config.routesFile, edge.deployments, log);
  void edge.world.follow(database.listen, stopping.signal);
  void edge.deployments.follow(database.listen, stopping.signal);
  // A visitor must not see once more what was live before a publish: what is remembered is for when the database does not answer.
  await Promise.race([edge.deployments.triedOnce, sleep(FIRST_READING_MS, undefined, { ref: false })]);
  await listenOn(ops, config.opsSocket);
  await Promise.all([listen(http, config.names.httpPort), listen(https, config.names.httpsPort)]);
  log.info({ ...config.names }, 'edge is up');

  return async () => {
    stopping.abort();
    certificates.close();
    snapshot.close();
    await snapshot.write();
    edge.cutSockets();
    await drain([http, https], DRAIN_MS);
    await edge.close();
    await drain([ops], 0);
    await database.close();
    await blobs.close();
    await rm(config.opsSocket, { force: true });
    log.info({}, 'edge is down');
  };
};

const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
};

try {
  const stop = await start(readConfig(process.env));
  let stopped = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopped) return;
      stopped = true;
      stop().then(() => process.exit(0), fail);
    });
  }
} catch (error) {
  fail(error);
}
