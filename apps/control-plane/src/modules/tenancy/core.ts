import type { Database } from '@miosa/db';
import type { TenantId, WorkspaceId } from '@miosa/kernel';
import type { Dependents } from './types.ts';

/** Shared by the functions of this module; made once by `createTenancy`. */
export interface Core {
  readonly db: Database;
  /** Organizations known to have their permanent identity. It stays, so nothing here can go stale. */
  readonly setupDone: Set<TenantId>;
  /** The workspace that a request's selectors led to last; a hint and nothing more. */
  readonly guesses: Map<string, WorkspaceId>;
  /** Kinds of resources that live in projects, registered by their modules. */
  readonly dependents: Dependents[];
}
