import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '@miosa/kernel';
import type { Machines } from '../../sandboxes/index.ts';
import { createMachines } from '../../sandboxes/machines/machines.ts';
import { createWorld, silent, type World } from '../../sandboxes/testing/world.ts';
import { type Core, systemOp } from '../deps.ts';
import { sealRevision } from '../env/revisions.ts';
import { insertRevision } from '../env/store.ts';
import { DEFAULT_POLICY, type DeploymentPolicy } from '../policy.ts';
import { insertDeployment } from '../store.ts';
import type { DeploymentRow, InstanceRow, VersionRow } from '../types.ts';
import { setActive } from '../versions/activate.ts';
import { findVersion, insertRelease, insertVersion, setVersion } from '../versions/store.ts';

/** What stands for the app of every instance: machines of the fake host share the host's ports. */
export interface App {
  readonly port: number;
  /** Of the next answers; 0: none at all. */
  status: number;
  close(): Promise<void>;
}

export const startApp = async (): Promise<App> => {
  const server: Server = createServer((_request, response) => {
    if (app.status === 0) return;
    response.writeHead(app.status).end('app');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const app: App = {
    port: (server.address() as AddressInfo).port,
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return app;
};

/** The module's core over machines of a fake host, with versions that look as if they had been published. Only in tests. */
export interface DynamicWorld {
  readonly world: World;
  readonly core: Core;
  /** As another process of the control plane, which dies when `stop` is called. */
  another(): { readonly core: Core; stop(): void };
  /** Answers in the place of the machine's own. */
  readonly over: Partial<Machines>;
  deployment(over?: Partial<DeploymentRow>): Promise<DeploymentRow>;
  version(deployment: DeploymentRow, over?: Partial<VersionRow>): Promise<VersionRow>;
  /** The pointer change. */
  promote(deploymentId: string, version: VersionRow): Promise<DeploymentRow>;
  row(id: string): Promise<DeploymentRow>;
  instances(deploymentId: string): Promise<InstanceRow[]>;
  set(deploymentId: string, set: Partial<DeploymentRow>): Promise<void>;
  op(): ReturnType<typeof systemOp>;
  close(): Promise<void>;
}

export const createDynamicWorld = async (policy: Partial<DeploymentPolicy> = {}): Promise<DynamicWorld> => {
  const world = await createWorld();
  const { db, tenancy, events, names, sealKey, now } = world.core;
  const over: Partial<Machines> = {};
  const own = createMachines(world.core);
  const machines = new Proxy(own, { get: (target, name: keyof Machines) => over[name] ?? target[name] });
  const stops: (() => void)[] = [];
  const makeCore = (): { core: Core; stop(): void } => {
    const stopping = new AbortController();
    stops.push(() => stopping.abort());
    const core: Core = {
      ...{ db, tenancy: tenancy as Core['tenancy'], events, names, sealKey, now, machines, log: silent },
      blobs: {} as Core['blobs'],
      policy: { ...DEFAULT_POLICY, healthGraceSec: 30, ...policy },
      flights: new Map(),
      background: new Set(),
      stopping: stopping.signal,
    };
    return { core, stop: () => stopping.abort() };
  };
  const { core } = makeCore();
  const sandbox = await world.create({ workspace_slug: 'dr-smith-clinic', project_slug: 'site' });
  const op = () => systemOp(core, world.tenantId, 'test');
  const tx = <T>(work: Parameters<typeof db.tx<T>>[2]): Promise<T> => db.tx({ log: silent, requestId: 'test' }, 'test', work);
  const source = await machines.source({ ...world.op() }, sandbox.id);
  let count = 0;

  const deployment = async (fields: Partial<DeploymentRow> = {}): Promise<DeploymentRow> => {
    const id = newId('dep');
    count += 1;
    return tx(async (t) => {
      const row = await insertDeployment(t, {
        ...{ id, tenant_id: world.tenantId, workspace_id: source.ownership.workspaceId, project_id: source.ownership.projectId },
        ...{ owner_user_id: null, external_workspace_id: null, external_user_id: null, external_project_id: null, name: 'app' },
        ...{ slug: `app-${count}`, state: 'pending', state_reason: null, source_type: 'sandbox', repo_url: null, branch: null },
        ...{ auto_deploy: false, sealed_webhook_secret: null, build_command: null, run_command: null, port: null, health_check_path: null },
        ...{ replicas: 1, size: 'xs', spa: 'auto', env_revision: 1, test: false, created_by: 'test', created_at: now(), updated_at: now() },
        ...(fields as object),
      });
      if (row === undefined) throw new Error('the slug is taken');
      await insertRevision(t, sealRevision(core, id, 1, [{ key: 'GREETING', value: 'hello', encrypted: true, updatedAt: '' }], now()));
      return row;
    });
  };

  const version = async (of: DeploymentRow, fields: Partial<VersionRow> = {}): Promise<VersionRow> => {
    const { id: snapshotId, sizeBytes } = await machines.takeSnapshot({ ...world.op() }, sandbox.id);
    return tx(async (t) => {
      count += 1;
      const made = await insertVersion(t, {
        ...{ id: newId('ver'), deployment_id: of.id, tenant_id: of.tenant_id, version_number: count, kind: 'dynamic', state: 'ready' },
        ...{ state_reason: null, source_type: 'sandbox', source: JSON.stringify({ type: 'sandbox', sandbox_id: sandbox.id }) },
        ...{ source_sandbox_id: sandbox.id, source_sha256: null, request: '{}', artifact_sha256: null, files: 1, total_bytes: 1 },
        ...{
          entrypoint: null,
          run_command: 'serve',
          port: 3000,
          health_check_path: null,
          env_revision: 1,
          release_id: null,
          build_id: null,
        },
        ...{ created_by: 'test', promoted_at: null, archived_at: null, created_at: now(), updated_at: now() },
        ...(fields as object),
      });
      const release = {
        id: newId('rel'),
        deployment_id: of.id,
        version_id: made.id,
        kind: 'rootfs',
        sha256: '00',
        created_at: now(),
      } as const;
      await insertRelease(t, { ...release, size_bytes: sizeBytes, snapshot_id: snapshotId });
      return setVersion(t, made.id, { release_id: release.id });
    });
  };

  const row = (id: string) => db.read.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return {
    world,
    core,
    over,
    another: makeCore,
    deployment,
    version,
    promote: async (id, { id: versionId }) => {
      const [found, one] = [await row(id), await findVersion(db.read, id, versionId)];
      if (one === undefined) throw new Error('no such version');
      return tx((t) => setActive(t, core, found, one));
    },
    row,
    instances: (id) =>
      db.read.selectFrom('deployment_instances').selectAll().where('deployment_id', '=', id).orderBy('created_at').orderBy('id').execute(),
    set: async (id, set) => {
      await db.read
        .updateTable('deployments')
        .set(set as object)
        .where('id', '=', id)
        .execute();
    },
    op,
    close: async () => {
      for (const stop of stops) stop();
      await Promise.allSettled(core.background);
      await world.close();
    },
  };
};
