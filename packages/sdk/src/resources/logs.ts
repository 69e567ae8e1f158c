import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Item, Query } from '../wire.ts';
import { splitOptions } from './exec.ts';
import { followEvents, type StreamOptions } from './follow.ts';

export type LogLine = Item<'sandboxes.logs'>;
export type LogStreamOptions = Query<'sandboxes.logs.stream'> & StreamOptions;

async function* lines(t: Transport, id: string, { lastEventId, ...options }: LogStreamOptions): AsyncGenerator<LogLine> {
  const { call, rest } = splitOptions(options);
  const stream = followEvents<LogLine>(
    t,
    path`/sandboxes/${id}/logs/stream`,
    rest,
    { ...call, lastEventId },
    ({ event }) => event === 'end',
  );
  for await (const { event, data } of stream) if (event === 'log') yield data;
}

export const logsApi = (t: Transport) =>
  Object.assign(
    /** The last lines of all its processes, oldest first. */
    (id: string, query?: Query<'sandboxes.logs'>, options?: CallOptions): List<LogLine> =>
      t.list(path`/sandboxes/${id}/logs`, query, options),
    {
      /** The same and then each line as it comes, until the sandbox is destroyed. Reconnects by itself, without a gap. */
      stream: (id: string, options: LogStreamOptions = {}): AsyncGenerator<LogLine> => lines(t, id, options),
    },
  );
