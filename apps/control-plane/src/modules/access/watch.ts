import type { Database } from '@miosa/db';
import type { Actor, Log } from '@miosa/kernel';
import type { BrowserSlot } from './browser-credentials.ts';
import { endedCredentials } from './signals.store.ts';

/** Open streams are cut within a second of the end of their credential (contract 2.4). */
const SWEEP_MS = 500;

interface Watched {
  readonly actor: Exclude<Actor, { type: 'system' }>;
  readonly end: () => void;
}

/** Watches the credentials behind open streams: one query each half second, and none when nothing is open. */
export const createWatch = (db: Database, browser: Pick<BrowserSlot, 'ended'>, log: Log) => {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;

  const credentialOf = ({ actor }: Watched): string => (actor.type === 'user' ? actor.sessionId : actor.id);

  const sweep = async (): Promise<void> => {
    const ids = (type: 'key' | 'user') => [...new Set([...watched].filter((w) => w.actor.type === type).map(credentialOf))];
    try {
      const visitors = [...watched].flatMap(({ actor }) => (actor.type === 'browser' ? [actor] : []));
      const [gone, left] = await Promise.all([endedCredentials(db.read, ids('key'), ids('user')), browser.ended(visitors)]);
      for (const entry of [...watched]) {
        const { actor } = entry;
        if (actor.type === 'browser' ? left.has(actor) : gone.has(credentialOf(entry))) entry.end();
      }
    } catch (error) {
      log.warn({ err: error }, 'credentials of open streams not checked');
    }
    timer = watched.size === 0 ? undefined : setTimeout(sweep, SWEEP_MS).unref();
  };

  return {
    watchCredential: (actor: Actor, end: () => void): (() => void) => {
      if (actor.type === 'system') return () => {};
      const entry = { actor, end };
      watched.add(entry);
      timer ??= setTimeout(sweep, SWEEP_MS).unref();
      return () => {
        watched.delete(entry);
      };
    },
    close: (): void => {
      watched.clear();
      clearTimeout(timer);
    },
  };
};
