import type { Route } from '@miosa/http';
import type { Actor } from '@miosa/kernel';
import type { BrowserTokensDeps, Core } from './core.ts';
import { createJudge } from './judge.ts';
import { createOrigins } from './origins.ts';
import { allRoutes } from './routes.ts';
import { purgeTickets } from './tickets.store.ts';
import { redeemTicket } from './tickets.ts';

export type { BrowserTokensDeps, SandboxBoundaries, SigningKeys } from './core.ts';

/** What browsers use: tokens with a boundary, tickets for event streams, and the origins whose pages may. */
export const createBrowserTokens = (deps: BrowserTokensDeps) => {
  const judge = createJudge(deps);
  const origins = createOrigins(deps.db, deps.nowMs ?? Date.now);
  const core: Core = { ...deps, judge, origins };
  deps.access.acceptBrowserTokens(judge);
  return {
    core,
    originAllowed: origins.allowed,
    redeemTicket: (ticket: string, path: string): Promise<Actor | null> => redeemTicket(core, ticket, path),
    /** Removes tickets long past. */
    purge: (): Promise<void> => purgeTickets(deps.db.read),
  };
};

export type BrowserTokens = ReturnType<typeof createBrowserTokens>;

export const browserTokenRoutes = ({ core }: Pick<BrowserTokens, 'core'>): Route[] => allRoutes(core);
