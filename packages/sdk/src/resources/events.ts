import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Filters, Item, Query } from '../wire.ts';
import { splitOptions } from './exec.ts';
import { followEvents, type StreamOptions } from './follow.ts';

export type MiosaEvent = Item<'events.list'>;

/** `types` as a list, or as the API has it: separated by commas. */
type WithTypes<T> = Omit<T, 'types'> & { readonly types?: string | readonly string[] | undefined };
export type EventFilters = WithTypes<Filters<'events.list'>>;
export type EventStreamOptions = WithTypes<Query<'events.stream'>> & StreamOptions;

const typesOf = <T extends { readonly types?: string | readonly string[] | undefined }>({ types, ...rest }: T) => ({
  ...rest,
  ...(types === undefined ? {} : { types: typeof types === 'string' ? types : types.join(',') }),
});

async function* events(frames: AsyncGenerator<{ readonly data: MiosaEvent }>): AsyncGenerator<MiosaEvent> {
  for await (const { data } of frames) yield data;
}

export const eventsApi = (t: Transport) => ({
  /** What happened in the last 30 days, newest first. */
  list: (filters: EventFilters = {}, options?: CallOptions): List<MiosaEvent> => t.list('/events', typesOf(filters), options),
  /**
   * What happens from now on, as it happens, each event once and in order: `for await (const event of miosa.events.stream({ types: ['sandbox.*'] }))`.
   * Reconnects by itself. Keep `event.id` to go on later with `lastEventId`.
   */
  stream: (filters: EventStreamOptions = {}): AsyncGenerator<MiosaEvent> => {
    const { lastEventId, ...others } = filters;
    const { call, rest } = splitOptions(others);
    return events(followEvents<MiosaEvent>(t, '/events/stream', typesOf(rest), { ...call, lastEventId }));
  },
});

/** The events of one sandbox, its commands and ports among them, until it is destroyed. */
export const sandboxEvents =
  (t: Transport) =>
  (id: string, options: StreamOptions = {}): AsyncGenerator<MiosaEvent> =>
    events(followEvents<MiosaEvent>(t, path`/sandboxes/${id}/events`, undefined, options, ({ event }) => event === 'sandbox.destroyed'));
