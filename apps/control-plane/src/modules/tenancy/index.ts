import type { Database, Tx } from '@miosa/db';
import type { Route } from '@miosa/http';
import type { Op, TenantId } from '@miosa/kernel';
import { type PlaceRequest, resolvePlace } from './boundary.ts';
import type { Core } from './core.ts';
import { countEverything } from './counts.ts';
import { assertSetupDone } from './identity.ts';
import { deleteOrganization } from './organization-deletion.ts';
import { resolveOwnership } from './ownership.ts';
import { holdProject, livingPlaces, ownershipEchoes } from './projects.store.ts';
import { allRoutes } from './routes.ts';
import type { Dependents, OwnershipRequest } from './types.ts';
import { visibleWorkspaces } from './visibility.ts';
import { getWorkspace } from './workspaces.ts';

export {
  checkExternalId,
  checkMetadata,
  checkName,
  checkSlug,
  Description,
  ExternalId,
  Metadata,
  Name,
  nullable,
  OWNERSHIP_FIELDS,
  Slug,
  Tags,
  Timestamp,
  Uuid,
} from './fields.ts';
export { OWNED_FILTERS, type OwnedFilters, ownedWhere, textEquals, visibleWhere } from './filters.ts';
export { createTenant, type NewTenant } from './identity.ts';
export { type Membership, membership, membershipsOf, workspacesOfMember } from './memberships.store.ts';
export { mergePatch } from './merge.ts';
export { presentTenant, type TenantWire } from './present.ts';
export { holdProject } from './projects.store.ts';
export { Deleted, NetworkPolicy, Tenant } from './schemas.ts';
export {
  anyTenant,
  countOwned,
  isUniqueViolation,
  lockTenant,
  setOwner,
  type TenantRow,
  tenantById,
  tenantBySelector,
  tenantsOfUser,
} from './store.ts';
export type * from './types.ts';
export { boundWorkspace, sees, visibleWorkspaces } from './visibility.ts';
export { type WorkspaceRow, workspaceById } from './workspaces.store.ts';

/** Organizations, workspaces, projects, and who owns what. */
export const createTenancy = ({ db }: { readonly db: Database }) => {
  const core: Core = { db, setupDone: new Set(), guesses: new Map(), dependents: [] };
  return {
    core,
    /** 409 `SETUP_REQUIRED` until the organization has its permanent name. */
    assertSetupDone: (op: Op) => assertSetupDone(op, core),
    /** Nine request fields → one workspace and one project, made when need be. */
    resolveOwnership: (op: Op, request: OwnershipRequest) => resolveOwnership(op, core, request),
    /** Slugs and names by project id, for echoing in lists. */
    ownershipOf: async (from: Database['read'], tenantId: string, projectIds: readonly string[]) =>
      new Map((await ownershipEchoes(from, tenantId, projectIds)).map((echo) => [echo.projectId as string, echo])),
    /** Call in the transaction that creates a resource: false when the project was deleted since it was resolved. */
    holdProject,
    visibleWorkspaces: async (op: Op) => visibleWorkspaces(op),
    /** The id of a workspace the caller sees, else 404. */
    requireWorkspace: async (op: Op, id: string) => (await getWorkspace(op, core, id)).id,
    /** The existing workspace and project that all selectors agree on; nothing is made. */
    resolvePlace: (op: Op, request: PlaceRequest) => resolvePlace(op, core, request),
    /** Of these workspaces and projects, the ones that are not deleted. */
    livingPlaces: (workspaceIds: readonly string[], projectIds: readonly string[]) => livingPlaces(core.db.read, workspaceIds, projectIds),
    /** Resources that live in an organization, by kind. */
    countEverything: (tenantId: TenantId) => countEverything(core, tenantId),
    deleteOrganization: (op: Op, confirm: string, endCredentials: (tx: Tx) => Promise<void>) =>
      deleteOrganization(op, core, confirm, endCredentials),
    registerDependents: (dependents: Dependents): void => {
      core.dependents.push(dependents);
    },
  };
};

export type Tenancy = ReturnType<typeof createTenancy>;

export const tenancyRoutes = ({ core }: Tenancy): Route[] => allRoutes(core);
