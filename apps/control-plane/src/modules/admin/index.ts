import type { Route } from '@miosa/http';
import { createOperatorKeys } from '../access/index.ts';
import { type AdminDeps, inTenant } from './core.ts';
import { allRoutes } from './routes.ts';

export type { AdminDeps } from './core.ts';

/** What operators of the installation do to users, organizations and keys, whoever they belong to. */
export const adminRoutes = (deps: AdminDeps): Route[] => allRoutes({ ...deps, keys: createOperatorKeys(deps.access.core, inTenant) });
