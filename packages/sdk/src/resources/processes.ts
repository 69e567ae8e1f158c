import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Query } from '../wire.ts';
import { type Command, processStream, splitOptions } from './exec.ts';

export type Process = Data<'sandboxes.processes.get'>;
export type ProcessOptions = Omit<Body<'sandboxes.processes.start'>, 'command'> & CallOptions;

/** Background processes: they outlive the connection that started them. `processId` is the `prc_…` id. */
export const processesApi = (t: Transport) => ({
  start: (id: string, command: Command, options: ProcessOptions = {}): Promise<Process> => {
    const { call, rest } = splitOptions(options);
    return t.data({ method: 'POST', path: path`/sandboxes/${id}/processes`, body: { ...rest, command }, options: call });
  },
  list: (id: string, options?: CallOptions): List<Process> => t.list(path`/sandboxes/${id}/processes`, undefined, options),
  get: (id: string, processId: string, options?: CallOptions): Promise<Process> =>
    t.data({ method: 'GET', path: path`/sandboxes/${id}/processes/${processId}`, options }),
  logs: (
    id: string,
    processId: string,
    query?: Query<'sandboxes.processes.logs'>,
    options?: CallOptions,
  ): Promise<Data<'sandboxes.processes.logs'>> =>
    t.data({ method: 'GET', path: path`/sandboxes/${id}/processes/${processId}/logs`, query, options }),
  stream: (id: string, processId: string, options?: CallOptions & { readonly offset?: number }) => processStream(t, id, processId, options),
  stdin: (
    id: string,
    processId: string,
    body: Body<'sandboxes.processes.stdin'>,
    options?: CallOptions,
  ): Promise<Data<'sandboxes.processes.stdin'>> =>
    t.data({ method: 'POST', path: path`/sandboxes/${id}/processes/${processId}/stdin`, body, options }),
  signal: (
    id: string,
    processId: string,
    body: Body<'sandboxes.processes.signal'>,
    options?: CallOptions,
  ): Promise<Data<'sandboxes.processes.signal'>> =>
    t.data({ method: 'POST', path: path`/sandboxes/${id}/processes/${processId}/signal`, body, options }),
  /** TERM, after 5 s KILL, and the record is removed. */
  delete: (id: string, processId: string, options?: CallOptions): Promise<Data<'sandboxes.processes.delete'>> =>
    t.data({ method: 'DELETE', path: path`/sandboxes/${id}/processes/${processId}`, options }),
});
