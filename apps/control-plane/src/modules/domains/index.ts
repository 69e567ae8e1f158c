import type { Database } from '@miosa/db';
import type { Route } from '@miosa/http';
import { certificateRoutes, type Issuing } from './certificates.ts';

export { localIssuer } from './local-issuer.ts';

/** Host names: for now, certificates of the managed ones. */
export const domainRoutes = (deps: Issuing & { readonly db: Database }): Route[] => certificateRoutes(deps);
