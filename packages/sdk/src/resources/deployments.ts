import { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item, Query } from '../wire.ts';
import { type Deployment, type DeploymentData, deploymentOf } from './deployment.ts';
import { splitOptions } from './exec.ts';
import { followEvents, type StreamOptions } from './follow.ts';

export type DeploymentVersion = Data<'deployments.versions.get'>;
export type DeploymentRelease = Data<'deployments.releases.get'>;
export type DeploymentBuild = Data<'deployments.builds.get'>;
export type DeploymentBuildLine = Item<'deployments.builds.logs'>;

/** What came of a publish; with `wait: false`, or after `waitSeconds`, as far as it had come. One that failed is thrown. */
export type PublishResult = Omit<Data<'deployments.publish'>, 'deployment'> & { readonly deployment: Deployment };

const WAIT_SECONDS = 60;
interface Waiting {
  readonly wait?: boolean | undefined;
  readonly waitSeconds?: number | undefined;
}
const waitMs = ({ wait, waitSeconds = WAIT_SECONDS }: Waiting): number => (wait === false ? 0 : waitSeconds * 1000);

async function* lines(
  t: Transport,
  id: string,
  buildId: string,
  { lastEventId, ...options }: StreamOptions,
): AsyncGenerator<DeploymentBuildLine> {
  const { call } = splitOptions(options);
  const target = path`/deployments/${id}/builds/${buildId}/logs/stream`;
  const stream = followEvents<DeploymentBuildLine>(t, target, undefined, { ...call, lastEventId }, ({ event }) => event === 'end');
  for await (const { event, data } of stream) if (event === 'log') yield data;
}

const buildsApi = (t: Transport) => ({
  list: (id: string, filters?: Filters<'deployments.builds.list'>, options?: CallOptions): List<DeploymentBuild> =>
    t.list(path`/deployments/${id}/builds`, filters, options),
  get: (id: string, buildId: string, options?: CallOptions): Promise<DeploymentBuild> =>
    t.data({ method: 'GET', path: path`/deployments/${id}/builds/${buildId}`, options }),
  /** What is live stays live. */
  cancel: (id: string, buildId: string, options?: CallOptions): Promise<DeploymentBuild> =>
    t.data({ method: 'POST', path: path`/deployments/${id}/builds/${buildId}/cancel`, body: {}, options }),
  logs: Object.assign(
    /** The last lines, oldest first. */
    (id: string, buildId: string, query?: Query<'deployments.builds.logs'>, options?: CallOptions): List<DeploymentBuildLine> =>
      t.list(path`/deployments/${id}/builds/${buildId}/logs`, query, options),
    {
      /** Each line as it comes, until the build is over. Reconnects by itself, without a gap. */
      stream: (id: string, buildId: string, options: StreamOptions = {}): AsyncGenerator<DeploymentBuildLine> =>
        lines(t, id, buildId, options),
    },
  ),
});

const releasesApi = (t: Transport) => ({
  list: (id: string, filters?: Filters<'deployments.releases.list'>, options?: CallOptions): List<DeploymentRelease> =>
    t.list(path`/deployments/${id}/releases`, filters, options),
  get: (id: string, releaseId: string, options?: CallOptions): Promise<DeploymentRelease> =>
    t.data({ method: 'GET', path: path`/deployments/${id}/releases/${releaseId}`, options }),
});

/** Variables of the next version or restart; versions keep those they were made with. */
const envApi = (t: Transport) => ({
  list: (id: string, options?: CallOptions): List<Item<'deployments.env.list'>> => t.list(path`/deployments/${id}/env`, undefined, options),
  set: (id: string, body: Body<'deployments.env.set'>, options?: CallOptions): Promise<Data<'deployments.env.set'>> =>
    t.data({ method: 'PUT', path: path`/deployments/${id}/env`, body, options }),
  delete: (id: string, key: string, options?: CallOptions): Promise<Data<'deployments.env.delete'>> =>
    t.data({ method: 'DELETE', path: path`/deployments/${id}/env/${key}`, options }),
});

/** With the deployment as an object with actions. */
export const published = async (t: Transport, answer: Promise<Data<'deployments.publish'>>): Promise<PublishResult> => {
  const { deployment, ...rest } = await answer;
  return { ...rest, deployment: deploymentOf(deploymentsApi(t), deployment) };
};

/** What is published, where, and which version of it; by id or slug. */
export const deploymentsApi = (t: Transport) => {
  const one = (data: DeploymentData): Deployment => deploymentOf(api, data);
  const act = async (id: string, verb: string, body: object, options?: CallOptions): Promise<Deployment> =>
    one(await t.data({ method: 'POST', path: path`/deployments/${id}/${verb}`, body, options }));
  const api = {
    /** Newest first. */
    list: (filters: Filters<'deployments.list'> = {}, options?: CallOptions): List<Deployment> => {
      const raw = t.list<DeploymentData>('/deployments', filters, options);
      return new List(async (cursor) => {
        const page = await raw.page(cursor);
        return { items: page.items.map(one), nextCursor: page.nextCursor };
      });
    },
    /** Its address is there at once; what is published is shown there. */
    create: async (body: Body<'deployments.create'>, options?: CallOptions): Promise<Deployment> =>
      one(await t.data({ method: 'POST', path: '/deployments', body, options })),
    get: async (id: string, options?: CallOptions): Promise<Deployment> =>
      one(await t.data({ method: 'GET', path: path`/deployments/${id}`, options })),
    update: async (id: string, body: Body<'deployments.update'>, options?: CallOptions): Promise<Deployment> =>
      one(await t.data({ method: 'PATCH', path: path`/deployments/${id}`, body, options })),
    /** Its addresses lead nowhere at once. */
    delete: (id: string, options?: CallOptions): Promise<Data<'deployments.delete'>> =>
      t.data({ method: 'DELETE', path: path`/deployments/${id}`, options }),
    /** The next version, from a sandbox or a snapshot. */
    publish: (id: string, body: Body<'deployments.publish'>, options?: CallOptions): Promise<PublishResult> =>
      published(t, t.data({ method: 'POST', path: path`/deployments/${id}/publish`, body, options, serverTimeMs: waitMs(body) })),
    /** Builds the live version's source again. */
    redeploy: (id: string, body: Waiting = {}, options?: CallOptions): Promise<PublishResult> =>
      published(t, t.data({ method: 'POST', path: path`/deployments/${id}/redeploy`, body, options, serverTimeMs: waitMs(body) })),
    /** To the version that was live before, or to the one named; nothing is built. */
    rollback: (id: string, body: NonNullable<Body<'deployments.rollback'>> = {}, options?: CallOptions): Promise<Deployment> =>
      act(id, 'rollback', body, options),
    start: (id: string, options?: CallOptions): Promise<Deployment> => act(id, 'start', {}, options),
    stop: (id: string, options?: CallOptions): Promise<Deployment> => act(id, 'stop', {}, options),
    /** With the environment as it is now. */
    restart: (id: string, options?: CallOptions): Promise<Deployment> => act(id, 'restart', {}, options),
    versions: {
      list: (id: string, filters?: Filters<'deployments.versions.list'>, options?: CallOptions): List<DeploymentVersion> =>
        t.list(path`/deployments/${id}/versions`, filters, options),
      get: (id: string, versionId: string, options?: CallOptions): Promise<DeploymentVersion> =>
        t.data({ method: 'GET', path: path`/deployments/${id}/versions/${versionId}`, options }),
      /** Makes it live; nothing is built. */
      promote: async (id: string, versionId: string, options?: CallOptions): Promise<Deployment> =>
        one(await t.data({ method: 'POST', path: path`/deployments/${id}/versions/${versionId}/promote`, body: {}, options })),
      archive: (id: string, versionId: string, options?: CallOptions): Promise<DeploymentVersion> =>
        t.data({ method: 'POST', path: path`/deployments/${id}/versions/${versionId}/archive`, body: {}, options }),
    },
    releases: releasesApi(t),
    builds: buildsApi(t),
    env: envApi(t),
  };
  return api;
};

export type DeploymentsApi = ReturnType<typeof deploymentsApi>;
