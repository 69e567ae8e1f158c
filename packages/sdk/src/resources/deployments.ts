import type { Payload } from '../fetch.ts';
import { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item, Query } from '../wire.ts';
import { type Deployment, type DeploymentData, deploymentOf } from './deployment.ts';
import { splitOptions } from './exec.ts';
import { followEvents, type StreamOptions } from './follow.ts';
import { sendFiles, type UploadFile, type UploadOptions } from './upload.ts';

export type DeploymentVersion = Data<'deployments.versions.get'>;
export type DeploymentRelease = Data<'deployments.releases.get'>;
export type DeploymentBuild = Data<'deployments.builds.get'>;
export type DeploymentBuildLine = Item<'deployments.builds.logs'>;

/** What came of a publish; with `wait: false`, or after `waitSeconds`, as far as it had come. One that failed is thrown. */
export type PublishResult = Omit<Data<'deployments.publish'>, 'deployment'> & { readonly deployment: Deployment };

const WAIT_SECONDS = 60;
const UPLOAD_MS = 10 * 60_000;
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

/** Logs of the app, of all its instances or of one. */
export type DeploymentLogLine = Item<'deployments.logs'>;
export type DeploymentLogOptions = Query<'deployments.logs.stream'> & StreamOptions;
export type DeploymentInstance = Data<'deployments.runtimeInstances.get'>;

async function* appLines(t: Transport, id: string, { lastEventId, ...options }: DeploymentLogOptions): AsyncGenerator<DeploymentLogLine> {
  const { call, rest } = splitOptions(options);
  const target = path`/deployments/${id}/logs/stream`;
  const stream = followEvents<DeploymentLogLine>(t, target, rest, { ...call, lastEventId }, ({ event }) => event === 'end');
  for await (const { event, data } of stream) if (event === 'log') yield data;
}

const appLogsApi = (t: Transport) =>
  Object.assign(
    /** The last lines of the app's instances, oldest first. */
    (id: string, query?: Query<'deployments.logs'>, options?: CallOptions): List<DeploymentLogLine> =>
      t.list(path`/deployments/${id}/logs`, query, options),
    {
      /** The same and then each line as it comes. Reconnects by itself, without a gap. */
      stream: (id: string, options: DeploymentLogOptions = {}): AsyncGenerator<DeploymentLogLine> => appLines(t, id, options),
    },
  );

const instancesApi = (t: Transport) => ({
  list: (id: string, filters?: Filters<'deployments.runtimeInstances.list'>, options?: CallOptions): List<DeploymentInstance> =>
    t.list(path`/deployments/${id}/runtime-instances`, filters, options),
  get: (id: string, instanceId: string, options?: CallOptions): Promise<DeploymentInstance> =>
    t.data({ method: 'GET', path: path`/deployments/${id}/runtime-instances/${instanceId}`, options }),
  /** Its last lines; also of one that has ended. */
  logs: (
    id: string,
    instanceId: string,
    query?: Query<'deployments.runtimeInstances.logs'>,
    options?: CallOptions,
  ): List<Item<'deployments.runtimeInstances.logs'>> =>
    t.list(path`/deployments/${id}/runtime-instances/${instanceId}/logs`, query, options),
});

/** Files by their hashes: only contents that the organization has not sent before are sent. `versions.upload` does all of it. */
const uploadsApi = (t: Transport) => ({
  create: (id: string, body: Body<'deployments.uploads.create'>, options?: CallOptions): Promise<Data<'deployments.uploads.create'>> =>
    t.data({ method: 'POST', path: path`/deployments/${id}/uploads`, body, options }),
  put: (id: string, uploadId: string, sha256: string, content: Payload, options?: CallOptions): Promise<Data<'deployments.uploads.put'>> =>
    t.data({
      method: 'PUT',
      path: path`/deployments/${id}/uploads/${uploadId}/blobs/${sha256}`,
      payload: content,
      headers: { 'content-type': 'application/octet-stream' },
      options,
      serverTimeMs: UPLOAD_MS,
    }),
  /** Many contents at once: a tar.gz whose entries are named by their hashes. */
  putMany: (id: string, uploadId: string, archive: Payload, options?: CallOptions): Promise<Data<'deployments.uploads.putMany'>> =>
    t.data({
      method: 'PUT',
      path: path`/deployments/${id}/uploads/${uploadId}/blobs`,
      payload: archive,
      headers: { 'content-type': 'application/gzip' },
      options,
      serverTimeMs: UPLOAD_MS,
    }),
});

type UploadPublish = Omit<Body<'deployments.versions.create'>, 'uploadId'>;

const uploadAndPublish = async (
  t: Transport,
  id: string,
  files: readonly UploadFile[],
  body: UploadPublish,
  options: UploadOptions = {},
): Promise<PublishResult> => {
  const { onProgress: _, ...rest } = options;
  const uploadId = await sendFiles(uploadsApi(t), id, files, options);
  return published(
    t,
    t.data({
      method: 'POST',
      path: path`/deployments/${id}/versions`,
      body: { ...body, uploadId },
      options: rest,
      serverTimeMs: waitMs(body),
    }),
  );
};

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
      /** The next version, from files of one's own; contents sent before are not sent again. */
      upload: (id: string, files: readonly UploadFile[], body: UploadPublish = {}, options?: UploadOptions): Promise<PublishResult> =>
        uploadAndPublish(t, id, files, body, options),
      /** The next version, from an upload of `uploads`. */
      create: (id: string, body: Body<'deployments.versions.create'>, options?: CallOptions): Promise<PublishResult> =>
        published(t, t.data({ method: 'POST', path: path`/deployments/${id}/versions`, body, options, serverTimeMs: waitMs(body) })),
      archive: (id: string, versionId: string, options?: CallOptions): Promise<DeploymentVersion> =>
        t.data({ method: 'POST', path: path`/deployments/${id}/versions/${versionId}/archive`, body: {}, options }),
    },
    releases: releasesApi(t),
    builds: buildsApi(t),
    uploads: uploadsApi(t),
    runtimeInstances: instancesApi(t),
    logs: appLogsApi(t),
    /** Requests, errors, latency and egress as the edge counts them, processor and memory of the instances; over a window. */
    metrics: (id: string, query: Query<'deployments.metrics'> = {}, options?: CallOptions): Promise<Data<'deployments.metrics'>> =>
      t.data({ method: 'GET', path: path`/deployments/${id}/metrics`, query, options }),
    env: envApi(t),
  };
  return api;
};

export type DeploymentsApi = ReturnType<typeof deploymentsApi>;
