import type { Log } from '@miosa/kernel';
import { isGone } from '../routes/types.ts';
import type { Change, World } from '../routes/world.ts';
import type { Judge } from '../tokens/judge.ts';
import { type Grant, isPublic } from './admit.ts';

/** A request or socket under way; `cut` ends it at once. */
export interface OpenConnection {
  readonly slug: string;
  readonly port: number;
  /** An upgraded connection: it has no end of its own. */
  readonly isSocket: boolean;
  grant: Grant;
  readonly cut: () => void;
}

export interface Connections {
  add(connection: OpenConnection): void;
  remove(connection: OpenConnection): void;
  /** Judges one connection again now. */
  recheck(connection: OpenConnection): void;
  cutAll(): void;
  /** At shut-down: sockets reconnect elsewhere, requests may still finish. */
  cutSockets(): void;
  close(): void;
  readonly count: number;
}

/** Ends by time are found at this pace; the contract asks for one second. */
const SWEEP_MS = 400;

/** Everything open at previews, judged again on every change, so that destroy, revocation, expiry and public → private cut within a second. */
export const createConnections = (deps: { readonly world: World; readonly judge: Judge; readonly log: Log }): Connections => {
  const { world, judge, log } = deps;
  const bySlug = new Map<string, Set<OpenConnection>>();
  let count = 0;

  const remove = (connection: OpenConnection): void => {
    const set = bySlug.get(connection.slug);
    if (!set?.delete(connection)) return;
    count--;
    if (set.size === 0) bySlug.delete(connection.slug);
  };
  const cut = (connection: OpenConnection): void => {
    remove(connection);
    connection.cut();
  };
  const all = (): OpenConnection[] => [...bySlug.values()].flatMap((set) => [...set]);

  const mayStay = async (connection: OpenConnection): Promise<boolean> => {
    const route = await world.sandbox(connection.slug);
    if (route === null || isGone(route)) return false;
    if (isPublic(route, connection.port)) return true;
    if (connection.grant.session === null) return false;
    const standing = await judge.standing(connection.grant.session);
    if (standing.holds) connection.grant = { session: connection.grant.session, until: standing.until };
    return standing.holds;
  };
  const recheck = async (connections: Iterable<OpenConnection>): Promise<void> => {
    for (const connection of [...connections]) if (!(await mayStay(connection))) cut(connection);
  };
  const concerned = (change: Change): Iterable<OpenConnection> => {
    if (change.kind === 'sandbox') return bySlug.get(change.slug) ?? [];
    return change.kind === 'key' ? all().filter(({ grant }) => grant.session?.keyId === change.id) : all();
  };
  const begin = (connections: Iterable<OpenConnection>): void => {
    recheck(connections).catch((error) => log.warn({ error }, 'open connections could not be checked'));
  };
  world.onChange((change) => begin(concerned(change)));

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of all()) if (connection.grant.until !== null && now >= connection.grant.until) cut(connection);
  }, SWEEP_MS);
  sweep.unref();

  return {
    add: (connection) => {
      const set = bySlug.get(connection.slug) ?? new Set();
      bySlug.set(connection.slug, set.add(connection));
      count++;
    },
    remove,
    recheck: (connection) => begin([connection]),
    cutAll: () => {
      for (const connection of all()) cut(connection);
    },
    cutSockets: () => {
      for (const connection of all()) if (connection.isSocket) cut(connection);
    },
    close: () => clearInterval(sweep),
    get count() {
      return count;
    },
  };
};
