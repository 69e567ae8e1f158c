import type { Database } from '@miosa/db';
import type { Actor, Log } from '@miosa/kernel';
import { endedCredentials } from './signals.store.ts';

/** Open streams are cut within a second of the end of their credential (contract 2.4). */
const SWEEP_MS = 500;

interface Watched {
  readonly actor: Exclude<Actor, { type: 'system' }>;
  readonly end: () => void;
}

/** Watches the credentials behind open streams: one query each half second, and none when nothing is open. */
export const createWatch = (db: Database, log: Log) => {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;

  const credentialOf = ({ actor }: Watched): string => (actor.type === 'key' ? actor.id : actor.sessionId);

  const sweep = async (): Promise<void> => {
    const ids = (type: 'key' | 'user') => [...new Set([...watched].filter((w) => w.actor.type === type).map(credentialOf))];
    try {
      const gone = await endedCredentials(db.read, ids('key'), ids('user'));
      for (const entry of [...watched]) if (gone.has(credentialOf(entry))) entry.end();
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
