import type { Database } from '@miosa/db';
import { type Actor, invalid } from '@miosa/kernel';
import { createLookup } from '../access/index.ts';
import { readSettings } from './settings.store.ts';

/** URL hosts may hold `;` and `,`, which would end a directive of the policy these go into. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/;

/** The origin in its one spelling, as browsers send it; 422 for anything that is more or less than an origin. */
export const checkOrigin = (path: string, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url !== undefined && /^https?:$/.test(url.protocol) && HOST.test(url.hostname) && text.toLowerCase().replace(/\/$/, '') === url.origin;
  if (!isOrigin) throw invalid(path, 'must be an origin: https://, host name (IDN as punycode), and a port unless it is the standard one');
  return url.origin;
};

export interface Origins {
  /** May a page of `origin` read what its browser token is answered? (contract 1.11) */
  allowed(actor: Actor, origin: string): Promise<boolean>;
  forget(): void;
}

/** At most 0.9 s behind a change. */
export const createOrigins = (db: Database, nowMs: () => number): Origins => {
  const known = createLookup<readonly string[]>(nowMs);
  return {
    allowed: async (actor, origin) => {
      if (actor.type !== 'browser') return false;
      const allowed = await known.get(actor.tenantId, async () => (await readSettings(db.read, actor.tenantId))?.allowed_origins ?? []);
      return allowed.length === 0 || allowed.includes(origin);
    },
    forget: () => known.clear(),
  };
};
