import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Filters, Item, Query } from '../wire.ts';
import { splitOptions } from './exec.ts';
import { followEvents, type StreamOptions } from './follow.ts';

export type Template = Data<'templates.get'>;
export type TemplateBuild = Data<'templates.builds.get'>;
export type BuildSpec = Body<'templates.create'>['buildSpec'];
export type BuildLogLine = Item<'templates.builds.logs'>;

async function* lines(t: Transport, id: string, buildId: string, { lastEventId, ...options }: StreamOptions): AsyncGenerator<BuildLogLine> {
  const { call } = splitOptions(options);
  const stream = followEvents<BuildLogLine>(
    t,
    path`/templates/${id}/builds/${buildId}/logs/stream`,
    undefined,
    { ...call, lastEventId },
    ({ event }) => event === 'end',
  );
  for await (const { event, data } of stream) if (event === 'log') yield data;
}

const buildsApi = (t: Transport) => ({
  /** Builds it again; until that ends well, sandboxes are made from what it was. */
  create: (id: string, options?: CallOptions): Promise<TemplateBuild> =>
    t.data({ method: 'POST', path: path`/templates/${id}/builds`, body: {}, options }),
  list: (id: string, filters?: Filters<'templates.builds.list'>, options?: CallOptions): List<TemplateBuild> =>
    t.list(path`/templates/${id}/builds`, filters, options),
  get: (id: string, buildId: string, options?: CallOptions): Promise<TemplateBuild> =>
    t.data({ method: 'GET', path: path`/templates/${id}/builds/${buildId}`, options }),
  logs: Object.assign(
    /** The last lines, oldest first. */
    (id: string, buildId: string, query?: Query<'templates.builds.logs'>, options?: CallOptions): List<BuildLogLine> =>
      t.list(path`/templates/${id}/builds/${buildId}/logs`, query, options),
    {
      /** Each line as it comes, until the build is over. Reconnects by itself, without a gap. */
      stream: (id: string, buildId: string, options: StreamOptions = {}): AsyncGenerator<BuildLogLine> => lines(t, id, buildId, options),
    },
  ),
});

/** What sandboxes are made from; by id or slug. */
export const templatesApi = (t: Transport) => ({
  /** Those of the installation first, then the organization's own, newest first. */
  list: (filters?: Filters<'templates.list'>, options?: CallOptions): List<Template> => t.list('/templates', filters, options),
  get: (id: string, options?: CallOptions): Promise<Template> => t.data({ method: 'GET', path: path`/templates/${id}`, options }),
  /** Its first build is queued: follow it with `builds.logs.stream`. */
  create: (body: Body<'templates.create'>, options?: CallOptions): Promise<Template> =>
    t.data({ method: 'POST', path: '/templates', body, options }),
  update: (id: string, body: Body<'templates.update'>, options?: CallOptions): Promise<Template> =>
    t.data({ method: 'PATCH', path: path`/templates/${id}`, body, options }),
  /** Sandboxes made from it keep their files. */
  delete: (id: string, options?: CallOptions): Promise<Data<'templates.delete'>> =>
    t.data({ method: 'DELETE', path: path`/templates/${id}`, options }),
  /** The JSON Schema of `buildSpec`. */
  buildSpec: (options?: CallOptions): Promise<Data<'templates.buildSpec'>> =>
    t.data({ method: 'GET', path: '/templates/build-spec', options }),
  validate: (body: Body<'templates.validate'>, options?: CallOptions): Promise<Data<'templates.validate'>> =>
    t.data({ method: 'POST', path: '/templates/validate', body, options }),
  builds: buildsApi(t),
});
