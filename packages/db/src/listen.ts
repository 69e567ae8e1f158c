import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionConfig } from './pool.ts';

interface Subscription {
  readonly channel: string;
  readonly onPayload: (payload: string) => void;
  readonly onGap: () => void;
}

export interface Listener {
  listen(channel: string, onPayload: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const quoted = (channel: string): string => `"${channel.replaceAll('"', '""')}"`;

/**
 * LISTEN on one dedicated connection for all channels (a pooled one would be handed to others). A lost connection is
 * re-made until it succeeds; then every subscriber hears `onGap` and must read again what it caches.
 */
export const createListener = (url: string): Listener => {
  const subscriptions = new Set<Subscription>();
  const stop = new AbortController();
  let connection: Promise<pg.Client> | undefined;

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(connectionConfig(url, { applicationName: 'miosa-listen' }));
    client.on('notification', ({ channel, payload }) => {
      for (const s of subscriptions) if (s.channel === channel) s.onPayload(payload ?? '');
    });
    // `error` is always followed by `end`, which reconnects; without a listener it would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      for (const channel of new Set([...subscriptions].map((s) => s.channel))) await client.query(`listen ${quoted(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    client.once('end', () => {
      connection = undefined;
      if (!stop.signal.aborted && subscriptions.size > 0) void reconnect();
    });
    return client;
  };

  const reconnect = async (): Promise<void> => {
    for (let delayMs = 50; !stop.signal.aborted; delayMs = Math.min(delayMs * 2, 2000)) {
      await sleep(delayMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
      if (stop.signal.aborted) return;
      connection ??= connect();
      try {
        await connection;
      } catch {
        connection = undefined;
        continue;
      }
      for (const s of subscriptions) s.onGap();
      return;
    }
  };

  const ready = async (): Promise<pg.Client> => {
    connection ??= connect();
    return connection.catch((error) => {
      connection = undefined;
      throw error;
    });
  };

  return {
    listen: async (channel, onPayload, onGap) => {
      const subscription = { channel, onPayload, onGap };
      const client = await ready();
      subscriptions.add(subscription);
      await client.query(`listen ${quoted(channel)}`);
      return async () => {
        subscriptions.delete(subscription);
        if ([...subscriptions].some((s) => s.channel === channel)) return;
        await (await connection)?.query(`unlisten ${quoted(channel)}`).catch(() => {});
      };
    },
    close: async () => {
      stop.abort();
      subscriptions.clear();
      const open = await connection?.catch(() => undefined);
      await open?.end().catch(() => {});
    },
  };
};
