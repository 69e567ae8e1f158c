import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFsBlobs } from '@miosa/blobs';
import { postgresIdempotency } from '@miosa/db';
import { createServer, type Server } from '@miosa/http';
import type { Actor, TenantId } from '@miosa/kernel';
import { createMachines } from '../../../sandboxes/machines/machines.ts';
import { createWorld as createSandboxWorld, silent } from '../../../sandboxes/testing/world.ts';
import { createTenancy } from '../../../tenancy/index.ts';
import type { Core } from '../../deps.ts';
import { deploymentRoutes } from '../../index.ts';
import { DEFAULT_POLICY } from '../../policy.ts';

export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
}

interface Sending {
  readonly as?: TenantId;
  readonly type?: string;
  readonly key?: string;
}

/** Deployments on a real database, with blobs in a folder. Only in tests. */
export interface World {
  readonly core: Core;
  readonly server: Server;
  readonly tenantId: TenantId;
  readonly folder: string;
  tenant(name: string): Promise<TenantId>;
  advance(ms: number): void;
  call(method: string, path: string, body?: unknown, how?: Sending): Promise<Reply>;
  deployment(as?: TenantId): Promise<string>;
  close(): Promise<void>;
}

export const createWorld = async (): Promise<World> => {
  const sandboxes = await createSandboxWorld();
  const { db, events, names, now } = sandboxes.core;
  const folder = mkdtempSync(join(tmpdir(), 'uploads-test-'));
  const stopping = new AbortController();
  const core: Core = {
    ...{ db, events, names, now, log: silent, sealKey: randomBytes(32), policy: DEFAULT_POLICY },
    ...{ flights: new Map(), background: new Set(), stopping: stopping.signal },
    tenancy: createTenancy({ db }),
    machines: createMachines(sandboxes.core),
    blobs: createFsBlobs({ folder: join(folder, 'blobs') }),
  };
  const actors = new Map<string, Actor>();
  const server = await createServer({
    routes: deploymentRoutes(core),
    authenticate: async ({ authorization }) => actors.get(authorization ?? '') ?? null,
    authorize: () => {},
    idempotency: postgresIdempotency(db),
    log: silent,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.miosa.localhost:8443',
    checkResponses: true,
  });
  const declare = (tenantId: TenantId): TenantId => {
    actors.set(`Bearer ${tenantId}`, { ...sandboxes.op().actor, tenantId } as Actor);
    return tenantId;
  };
  const main = declare(sandboxes.tenantId);
  const call: World['call'] = async (method, path, body, { as = main, type, key } = {}) => {
    const isBytes = body instanceof Buffer;
    const answer = await server.inject({
      method: method as 'GET',
      url: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${as}`,
        ...(body === undefined ? {} : { 'content-type': type ?? (isBytes ? 'application/gzip' : 'application/json') }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { payload: isBytes ? body : JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
  };
  return {
    ...{ core, server, folder, call, advance: sandboxes.advance },
    tenantId: main,
    tenant: async (name) => declare(await sandboxes.tenant(name)),
    deployment: async (as = main) => (await call('POST', '/deployments', { name: 'Site', source_type: 'upload' }, { as })).body.data.id,
    close: async () => {
      stopping.abort();
      await Promise.allSettled(core.background);
      await server.close();
      await core.blobs.close();
      await sandboxes.close();
      rmSync(folder, { recursive: true });
    },
  };
};
