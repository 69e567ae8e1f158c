import type { Route } from '@miosa/http';
import type { Actor, Op } from '@miosa/kernel';
import type { Static } from 'typebox';
import type { BrowserTokensDeps, Core } from './core.ts';
import { createJudge } from './judge.ts';
import { createOrigins } from './origins.ts';
import { allRoutes } from './routes.ts';
import type { SettingsUpdate } from './schemas.ts';
import { changeSettings } from './settings.ts';
import { purgeTickets } from './tickets.store.ts';
import { createTicket, redeemTicket } from './tickets.ts';

export type { BrowserTokensDeps, SandboxBoundaries, SigningKeys } from './core.ts';
export { SettingsUpdate } from './schemas.ts';

/** What browsers use: tokens with a boundary, tickets for event streams, and the origins whose pages may. */
export const createBrowserTokens = (deps: BrowserTokensDeps) => {
  const nowMs = deps.nowMs ?? Date.now;
  const judge = createJudge(deps);
  const origins = createOrigins(deps.db, nowMs);
  const core: Core = { ...deps, nowMs, judge, origins };
  deps.access.acceptBrowserTokens(judge);
  return {
    core,
    /** Settings of the organization acted in: merges. */
    changeSettings: (op: Op, body: Static<typeof SettingsUpdate>) => changeSettings(op, core, body),
    originAllowed: origins.allowed,
    /** A ticket with the rights of the caller, for one path below the base path. */
    mintTicket: (op: Op, path: string) => createTicket(op, core, path),
    redeemTicket: (ticket: string, path: string, bound: boolean): Promise<Actor | null> => redeemTicket(core, ticket, path, bound),
    /** Removes tickets long past. */
    purge: (): Promise<void> => purgeTickets(deps.db.read),
  };
};

export type BrowserTokens = ReturnType<typeof createBrowserTokens>;

export const browserTokenRoutes = ({ core }: Pick<BrowserTokens, 'core'>): Route[] => allRoutes(core);
