import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Names } from '@miosa/hostnames';
import type { Log } from '@miosa/kernel';
import { createApi } from './api/api.ts';
import { createEmbed } from './api/embed.ts';
import { createOrganizationCertificates } from './certificates/organizations.ts';
import { createPublished } from './deployments/serve.ts';
import type { Sites } from './deployments/sites.ts';
import { createTraffic } from './deployments/traffic.ts';
import { createDispatch } from './dispatch.ts';
import { loggedPath } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createInternal } from './net/internal.ts';
import { createRateLimit } from './net/rate.ts';
import { createWakeCalls } from './net/wake-calls.ts';
import { createActivity } from './preview/activity.ts';
import { createAdmission } from './preview/admit.ts';
import { createConnections } from './preview/connections.ts';
import { createPreview } from './preview/preview.ts';
import { createWaker } from './preview/wake.ts';
import { createLeanClient } from './proxy/lean/client.ts';
import { createPool } from './proxy/pool.ts';
import type { Refusal } from './refusal.ts';
import type { DeploymentStore } from './routes/deployment-types.ts';
import { createDeployments } from './routes/deployments.ts';
import { isRunning, type RouteStore } from './routes/types.ts';
import { createWorld, type World } from './routes/world.ts';
import { createJudge } from './tokens/judge.ts';
import { createSessions } from './tokens/session.ts';
import type { Visit } from './visit.ts';

export interface EdgeOptions {
  readonly names: Names;
  readonly store: RouteStore;
  readonly deploymentStore: DeploymentStore;
  readonly sites: Sites;
  readonly log: Log;
  /** Every request is logged, at `debug`. */
  readonly logsRequests?: boolean;
  /** SPKI PEM of every key whose tokens count. Asked for each token, so that keys can change while the edge runs. */
  readonly previewPublicKeys: () => readonly string[];
  readonly cookieSecret: Buffer;
  readonly controlSocket: string;
  readonly internalSocket: string;
  readonly tlsFolder: string;
  readonly rate: { readonly perSecond: number; readonly burst: number };
  /** How long an app may take to begin its answer; the contract's 60 s unless set otherwise. */
  readonly firstByteMs?: number;
  /** How long a request waits for a sandbox to start; the contract's 30 s unless a test says otherwise. */
  readonly holdMs?: number;
}

/** Contract 6. */
const FIRST_BYTE_MS = 60_000;
/** Contract 4.4. */
const HOLD_MS = 30_000;

/** Idle connections to a sandbox that no longer runs are closed at once. */
const dropWhenStopped = (world: World, drop: (sandboxId: string) => void): void =>
  world.onChange((change) => {
    if (change.kind !== 'sandbox') return;
    world.sandbox(change.slug).then(
      (route) => route && !isRunning(route) && drop(route.id),
      () => undefined,
    );
  });

/** All parts of the edge put together, without listeners and without a database. */
export const createEdge = (options: EdgeOptions) => {
  const { names, store, log } = options;
  const world = createWorld({ store, log });
  const judge = createJudge({ world, publicKeys: options.previewPublicKeys });
  const internal = createInternal(options.internalSocket);
  const pool = createPool();
  const lean = createLeanClient();
  const activity = createActivity({ internal, log });
  const connections = createConnections({ world, judge, log });
  const rate = createRateLimit(options.rate);
  const api = createApi({ socketPath: options.controlSocket, log });
  const metrics = createMetrics({ openConnections: () => connections.count, sandboxesKnown: () => world.sandboxesKnown });
  dropWhenStopped(world, pool.drop);
  const deployments = createDeployments({ store: options.deploymentStore, log, onMachineLeft: lean.drop });
  const [firstByteMs, holdMs] = [options.firstByteMs ?? FIRST_BYTE_MS, options.holdMs ?? HOLD_MS];
  const calls = createWakeCalls({ internal, timeoutMs: holdMs });
  const onRefused = ({ code }: Refusal): void => metrics.refused.inc({ code });
  const traffic = createTraffic({ internal, log });
  const preview = createPreview({
    ...{ world, pool, connections, activity, rate, log, firstByteMs, onRefused },
    admit: createAdmission({ judge, sessions: createSessions(options.cookieSecret) }),
    waker: createWaker({ world, calls, holdMs }),
  });
  const published = createPublished({
    ...{ deployments, pool, lean, calls, activity, traffic, rate, log, firstByteMs, holdMs, onRefused },
    sites: options.sites,
  });
  const onVisit = ({ host, hostname, requestId, startedAtMs }: Visit, req: IncomingMessage, res: ServerResponse): void => {
    res.on('close', () => {
      const { statusCode: status } = res;
      const seconds = (performance.now() - startedAtMs) / 1000;
      metrics.answered(host.kind, status, seconds);
      if (options.logsRequests)
        log.debug({ requestId, host: hostname, method: req.method, path: loggedPath(req.url), status, seconds }, 'request');
    });
  };
  const dispatch = createDispatch({ names, api, embed: createEmbed({ world, judge, names }), preview, published, rate, log, onVisit });

  return {
    world,
    deployments,
    traffic,
    dispatch,
    contextFor: createOrganizationCertificates({ names, deployments, internal, log, tlsFolder: options.tlsFolder }),
    metrics,
    cutSockets: (): void => {
      connections.cutSockets();
      published.cutSockets();
    },
    /** Ends what is still open and reports the last activity. */
    close: async (): Promise<void> => {
      connections.cutAll();
      published.cutSockets();
      for (const part of [connections, published, activity, traffic]) part.close();
      await Promise.all([activity.flush(), traffic.flush()]);
      for (const part of [api, pool, lean, internal]) part.close();
    },
  };
};

export type Edge = ReturnType<typeof createEdge>;
