import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintToken, type Names, type TokenKind, type TokenPayload, tokenHash } from '@miosa/hostnames';
import { type Log, newId, randomBase32 } from '@miosa/kernel';
import type { Sites } from '../deployments/sites.ts';
import { createEdge, type EdgeOptions } from '../edge.ts';
import { httpListener, httpsListener } from '../listener.ts';
import type { SandboxRoute } from '../routes/types.ts';
import { selfSigned } from './certificate.ts';
import { type Answer, type Call, call } from './client.ts';
import { type FakeAgent, startFakeAgent } from './fake-agent.ts';
import { startFakeControl } from './fake-control.ts';
import { createFakeDeploymentStore } from './fake-deployments.ts';
import { createFakeStore } from './fake-store.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const NAMES: Names = { domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 };
export const API_HOST = `api.${NAMES.domain}`;

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
};

/** A real edge on loopback sockets between fake neighbours; every test file starts its own. */
export const startPlatform = async (options: Partial<EdgeOptions> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'edge-'));
  const socket = (name: string): string => join(folder, name);
  const keys = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const store = createFakeStore();
  const control = await startFakeControl(socket('control.sock'), socket('internal.sock'));
  const deploymentStore = createFakeDeploymentStore();
  const sites: Sites = {
    request: (_req, res, _visit, target) => void res.end(`files of ${target.manifestSha256} of ${target.tenantId}`),
  };
  const edge = createEdge({
    ...{
      names: NAMES,
      store,
      deploymentStore,
      sites,
      log: silent,
      previewPublicKeys: () => [keys.publicKey],
      cookieSecret: randomBytes(32),
    },
    ...{ controlSocket: socket('control.sock'), internalSocket: socket('internal.sock'), tlsFolder: socket('tls') },
    rate: { perSecond: 0, burst: 1 },
    ...options,
  });
  let hear: Record<string, (payload: string) => void> = {};
  const gaps = new Set<() => void>();
  const listen = async (channel: string, onPayload: (payload: string) => void, onGap: () => void): Promise<void> => {
    hear = { ...hear, [channel]: onPayload };
    gaps.add(onGap);
  };
  await edge.world.follow(listen, new AbortController().signal);
  await edge.deployments.follow(listen, new AbortController().signal);
  const certificate = await selfSigned(NAMES.domain);
  const servers = [httpListener(edge.dispatch, 10_000), httpsListener(edge.dispatch, 10_000, certificate, edge.contextFor)] as const;
  const [httpPort, httpsPort] = [await listening(servers[0]), await listening(servers[1])];
  const agents: FakeAgent[] = [];
  const apps: Server[] = [];

  const change = (id: string, fields: Partial<SandboxRoute>): void => {
    const route = store.sandboxes.get(id);
    if (!route) throw new Error(`no sandbox ${id}`);
    store.sandboxes.set(id, { ...route, ...fields });
    hear.miosa_routes?.(id);
  };

  /** A running sandbox with its agent; `apps` of it are added with `app`. */
  const sandbox = async (
    fields: Partial<SandboxRoute> = {},
  ): Promise<{ route: SandboxRoute; agent: FakeAgent; host: (port?: number) => string }> => {
    const id = newId('sbx');
    const agent = await startFakeAgent(socket(`${id.slice(-8)}.sock`));
    agents.push(agent);
    const route: SandboxRoute = {
      ...{
        id,
        slug: `sbx${randomBase32(10)}`,
        tenantId: 'ten_1',
        state: 'running',
        transition: null,
        previewPort: null,
        previews: [],
        embedOrigins: [],
      },
      endpoint: { socketPath: agent.socketPath },
      ...fields,
    };
    store.sandboxes.set(id, route);
    return { route, agent, host: (port = 5173) => `${port}-${route.slug}.sandbox.${NAMES.domain}` };
  };

  /** Starts an app that listens on `port` inside the sandbox. */
  const app = async (agent: FakeAgent, handler: RequestListener, port = 5173): Promise<Server> => {
    const server = createServer(handler);
    apps.push(server);
    agent.ports.set(port, await listening(server));
    return server;
  };

  const mint = (route: SandboxRoute, fields: Partial<TokenPayload> = {}, kind: TokenKind = 'preview'): string => {
    const token = mintToken(kind, keys.privateKey, {
      ...{ jti: newId('prv'), sandboxId: route.id, port: 5173, scope: 'read', keyId: null, tenantId: route.tenantId },
      exp: Math.floor(Date.now() / 1000) + 600,
      ...fields,
    });
    const share = { sandboxId: route.id, expiresAt: fields.exp ? new Date(fields.exp * 1000) : null, revokedAt: null };
    if (kind === 'share') store.shares.set(tokenHash(token).toString('base64url'), share);
    return token;
  };

  return {
    ...{ edge, store, deploymentStore, control, httpPort, httpsPort, sandbox, app, mint, change },
    keyChanged: (id: string) => hear.miosa_keys?.(id),
    sandboxChanged: (id: string) => hear.miosa_routes?.(id),
    deploymentChanged: (id: string) => hear.miosa_deployments?.(id),
    gap: () => {
      for (const gap of gaps) gap();
    },
    /** Plain HTTP from loopback. */
    get: (host: string, path = '/', more: Partial<Call> = {}): Promise<Answer> => call({ port: httpPort, host, path, ...more }),
    /** TLS with the right server name. */
    getTls: (host: string, path = '/', more: Partial<Call> = {}): Promise<Answer> =>
      call({ port: httpsPort, host, path, tls: host.replace(/:[0-9]+$/, ''), ...more }),
    close: async (): Promise<void> => {
      await edge.close();
      for (const server of [...servers, ...apps]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
      for (const agent of agents) await agent.close();
      await control.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export type Platform = Awaited<ReturnType<typeof startPlatform>>;
