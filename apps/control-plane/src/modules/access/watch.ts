import type { Database } from '@miosa/db';
import type { Actor, Log, Role, TenantId, UserId, WorkspaceRole } from '@miosa/kernel';
import { membershipsOf } from '../tenancy/index.ts';
import type { BrowserSlot } from './browser-credentials.ts';
import { endedCredentials } from './signals.store.ts';

/** Open streams are cut within a second of the end of their credential (contract 2.4). */
const SWEEP_MS = 500;

interface Watched {
  readonly actor: Exclude<Actor, { type: 'system' }>;
  readonly end: () => void;
}

interface Standing {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly role: Role;
  readonly workspaces: readonly WorkspaceRole[];
}

/** What a stream was opened as. Null: rests on no membership. Operators act anywhere. */
const standingOf = ({ actor }: Watched): Standing | null => {
  if (actor.type === 'browser' || (actor.type === 'user' && actor.isOperator)) return null;
  const userId = actor.type === 'user' ? actor.id : actor.userId;
  if (userId === null || actor.role === null) return null;
  return { tenantId: actor.tenantId, userId, role: actor.role, workspaces: actor.workspaces ?? [] };
};

const inWords = ({ role, workspaces }: Pick<Standing, 'role' | 'workspaces'>): string =>
  [role, ...workspaces.map((place) => `${place.id} ${place.role}`)].join();

/** Of these, whose user has left, or has another role in the organization or a workspace than when the stream was opened. */
const shifted = async (db: Database, entries: readonly Watched[]): Promise<ReadonlySet<Watched>> => {
  const standing = entries.flatMap((entry) => {
    const then = standingOf(entry);
    return then === null ? [] : [{ entry, then }];
  });
  const now = await membershipsOf(
    db.read,
    standing.map(({ then }) => then),
  );
  const changed = standing.filter(({ then }, i) => {
    const member = now[i] ?? null;
    return member === null || inWords(member) !== inWords(then);
  });
  return new Set(changed.map(({ entry }) => entry));
};

/** Watches the credentials behind open streams: one query each half second, and none when nothing is open. */
export const createWatch = (db: Database, browser: Pick<BrowserSlot, 'ended'>, log: Log) => {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;

  const credentialOf = ({ actor }: Watched): string => (actor.type === 'user' ? actor.sessionId : actor.id);

  const sweep = async (): Promise<void> => {
    const ids = (type: 'key' | 'user') => [...new Set([...watched].filter((w) => w.actor.type === type).map(credentialOf))];
    try {
      const visitors = [...watched].flatMap(({ actor }) => (actor.type === 'browser' ? [actor] : []));
      const [gone, left, moved] = await Promise.all([
        endedCredentials(db.read, ids('key'), ids('user')),
        browser.ended(visitors),
        shifted(db, [...watched]),
      ]);
      for (const entry of [...watched]) {
        const { actor } = entry;
        if (moved.has(entry) || (actor.type === 'browser' ? left.has(actor) : gone.has(credentialOf(entry)))) entry.end();
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
