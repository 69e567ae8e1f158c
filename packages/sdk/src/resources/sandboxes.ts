import type { List } from '../page.ts';
import { List as ListOf } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Query } from '../wire.ts';
import { commandsApi } from './commands.ts';
import { type PublishResult, published } from './deployments.ts';
import { sandboxEvents } from './events.ts';
import { type ExecResult, execApi } from './exec.ts';
import { filesApi } from './files.ts';
import { logsApi } from './logs.ts';
import type { SandboxMetrics } from './metrics.ts';
import { networkPolicyApi } from './networkPolicy.ts';
import { envApi, type Preview, type PreviewToken, portsApi, previewsApi, sharesApi } from './previews.ts';
import { processesApi } from './processes.ts';
import { type Sandbox, type SandboxData, sandboxOf } from './sandbox.ts';
import { snapshotsApi } from './snapshots.ts';
import { terminalApi } from './terminal.ts';
import { openTunnel } from './tunnel.ts';

export type SandboxCreate = Body<'sandboxes.create'>;
export type SandboxRun = Body<'sandboxes.run'>;

/** Of a list. */
export type SandboxFilters = Omit<Filters<'sandboxes.list'>, 'metadata'> & { readonly metadata?: Readonly<Record<string, unknown>> };

const WAIT_SECONDS = 60;
const waitMs = (body: { readonly wait?: boolean | undefined; readonly waitSeconds?: number | undefined }): number =>
  body.wait === false ? 0 : (body.waitSeconds ?? WAIT_SECONDS) * 1000;

export const sandboxesApi = (t: Transport) => {
  const one = (data: SandboxData): Sandbox => sandboxOf(api, data);
  const act = async (id: string, verb: string, body: object, options?: CallOptions): Promise<Sandbox> =>
    one(await t.data({ method: 'POST', path: path`/sandboxes/${id}/${verb}`, body, options }));
  const api = {
    /** A new sandbox, ready for commands (or, with `wait: false`, on its way). The nine ownership fields say whose it is. */
    create: async (body: SandboxCreate = {}, options?: CallOptions): Promise<Sandbox> =>
      one(await t.data({ method: 'POST', path: '/sandboxes', body, options, serverTimeMs: waitMs(body) })),
    /**
     * The sandbox of that name in the project, or a new one: of any number of callers at once, one makes it. An existing one is answered as
     * it is, whatever else the fields say; a paused one wakes when it is used.
     */
    getOrCreate: (name: string, body: Omit<SandboxCreate, 'getOrCreate' | 'name'> = {}, options?: CallOptions): Promise<Sandbox> =>
      api.create({ ...body, name, getOrCreate: true }, options),
    /** Create and first command in one call; with `keep: false` the sandbox is destroyed afterwards. */
    run: async (body: SandboxRun, options?: CallOptions): Promise<{ sandbox: Sandbox; result: ExecResult }> => {
      const serverTimeMs = waitMs(body) + (body.timeout ?? 60) * 1000;
      const answer = await t.data<{ sandbox: SandboxData; result: ExecResult }>({
        method: 'POST',
        path: '/sandboxes/run',
        body,
        options,
        serverTimeMs,
      });
      return { sandbox: one(answer.sandbox), result: answer.result };
    },
    /** Newest first; destroyed ones only with `state: 'destroyed'`. `metadata`: those that have these keys with these values. */
    list: (filters: SandboxFilters = {}, options?: CallOptions): List<Sandbox> => {
      const { metadata, ...others } = filters;
      const query = metadata === undefined ? others : { ...others, metadata: JSON.stringify(metadata) };
      const raw = t.list<SandboxData>('/sandboxes', query, options);
      return new ListOf(async (cursor) => {
        const page = await raw.page(cursor);
        return { items: page.items.map(one), nextCursor: page.nextCursor };
      });
    },
    get: async (id: string, options?: CallOptions): Promise<Sandbox> =>
      one(await t.data({ method: 'GET', path: path`/sandboxes/${id}`, options })),
    /** Name, tags, timers, and the size, also while it runs. */
    update: async (id: string, body: Body<'sandboxes.update'>, options?: CallOptions): Promise<Sandbox> =>
      one(await t.data({ method: 'PATCH', path: path`/sandboxes/${id}`, body, options })),
    /** For good; its tokens die with it. */
    destroy: (id: string, options?: CallOptions): Promise<Data<'sandboxes.destroy'>> =>
      t.data({ method: 'DELETE', path: path`/sandboxes/${id}`, options }),
    /** Moves the deadline to now + `timeoutSec` where that is later. */
    extend: (id: string, body: Body<'sandboxes.extend'> = {}, options?: CallOptions) => act(id, 'extend', body, options),
    pause: (id: string, options?: CallOptions) => act(id, 'pause', {}, options),
    resume: (id: string, body: Body<'sandboxes.resume'> = {}, options?: CallOptions) => act(id, 'resume', body, options),
    /** Whether commands run now, and if not, why; with `waitSeconds` it waits for that. */
    readiness: (id: string, query: Query<'sandboxes.readiness'> = {}, options?: CallOptions): Promise<Data<'sandboxes.readiness'>> =>
      t.data({ method: 'GET', path: path`/sandboxes/${id}/readiness`, query, options, serverTimeMs: (query.waitSeconds ?? 0) * 1000 }),
    usage: (id: string, options?: CallOptions): Promise<Data<'sandboxes.usage'>> =>
      t.data({ method: 'GET', path: path`/sandboxes/${id}/usage`, options }),
    /** Processor, memory, disk and network over a window, `5m` to `7d` (default `1h`). */
    metrics: (id: string, query: Query<'sandboxes.metrics'> = {}, options?: CallOptions): Promise<SandboxMetrics> =>
      t.data({ method: 'GET', path: path`/sandboxes/${id}/metrics`, query, options }),
    /** The last lines of all its processes, oldest first. */
    logs: logsApi(t),
    /** What happens to it, as it happens, until it is destroyed. */
    events: sandboxEvents(t),
    /** Gives a port a preview; public unless said otherwise. */
    expose: (id: string, port: number, body?: Omit<Body<'sandboxes.expose'>, 'port'>, options?: CallOptions): Promise<Preview> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/expose`, body: { ...body, port }, options }),
    /** A short-lived token for an iframe; give this, never a key, to the browser. */
    previewToken: (id: string, body: Body<'sandboxes.previewToken'> = {}, options?: CallOptions): Promise<PreviewToken> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/preview-token`, body, options }),
    /** A new sandbox with the files and the environment of this one, of now or of a snapshot. */
    fork: async (id: string, body: Body<'sandboxes.fork'> = {}, options?: CallOptions): Promise<Sandbox> =>
      one(await t.data({ method: 'POST', path: path`/sandboxes/${id}/fork`, body, options, serverTimeMs: WAIT_SECONDS * 1000 })),
    /** A new sandbox with the files of a snapshot, or with `mode: 'in_place'` the same one. */
    restore: async (id: string, snapshotId: string, body: Body<'sandboxes.restore'> = {}, options?: CallOptions): Promise<Sandbox> =>
      one(
        await t.data({
          method: 'POST',
          path: path`/sandboxes/${id}/restore/${snapshotId}`,
          body,
          options,
          serverTimeMs: WAIT_SECONDS * 1000,
        }),
      ),
    /** Publishes it; the deployment of that name in its project is made when there is none. */
    deploy: (id: string, body: Body<'sandboxes.deploy'>, options?: CallOptions): Promise<PublishResult> =>
      published(t, t.data({ method: 'POST', path: path`/sandboxes/${id}/deploy`, body, options, serverTimeMs: waitMs(body) })),
    snapshots: snapshotsApi(t),
    exec: execApi(t),
    commands: commandsApi(t),
    files: filesApi(t),
    processes: processesApi(t),
    terminal: terminalApi(t),
    /** A TCP connection to a port inside. Servers and JWT sessions only. */
    tunnel: (id: string, port: number, options?: CallOptions) => openTunnel(t, id, port, options),
    ports: portsApi(t),
    previews: previewsApi(t),
    shares: sharesApi(t),
    env: envApi(t),
    networkPolicy: networkPolicyApi(t),
  };
  return api;
};

export type SandboxesApi = ReturnType<typeof sandboxesApi>;
