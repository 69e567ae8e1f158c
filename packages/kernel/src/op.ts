import type { BrowserPermission } from './browser.ts';
import type { ApiKeyId, ProjectId, TenantId, UserId, WorkspaceId } from './ids.ts';

export type Role = 'viewer' | 'member' | 'admin' | 'owner';
export type KeyType = 'user' | 'admin' | 'platform' | 'live' | 'test';
/** The backend a key may call: everything but LLM routes, or only those (contract 2.4). */
export type KeyPurpose = 'api' | 'optimal';

/** A workspace a user belongs to, with the wider of the user's roles in it and in the organization. */
export interface WorkspaceRole {
  readonly id: WorkspaceId;
  readonly role: Role;
}

/** What a browser token reaches: one workspace, one project of it, or one sandbox (contract 2.5: the narrowest named is the boundary). */
export interface Boundary {
  readonly workspaceId: WorkspaceId;
  readonly projectId: ProjectId | null;
  readonly sandboxId: string | null;
  /** Set when a user's key minted the token: only what belongs to that user. */
  readonly ownerUserId: UserId | null;
}

/** The external ids that acts of a browser token are attributed to; they grant nothing. */
export interface Attribution {
  readonly workspaceId: string | null;
  readonly userId: string | null;
  readonly projectId: string | null;
}

/** What a caller may call in a minute (contract 1.6); known together with the credential, so that no request has to ask. */
export interface Rates {
  readonly ownPerMinute: number;
  /** Whose credential it is, and so whose bucket it fills besides its own. */
  readonly organizationId: TenantId;
  readonly organizationPerMinute: number;
}

/** Who asks. Resolved once by the access module; carried by every operation. */
export type Actor =
  | {
      readonly type: 'key';
      readonly id: ApiKeyId;
      readonly name: string;
      readonly keyType: KeyType;
      readonly purpose: KeyPurpose;
      readonly tenantId: TenantId;
      readonly scopes: readonly string[];
      /** Bound workspace: every other workspace is 404 to the key. */
      readonly workspaceId: WorkspaceId | null;
      /** Set for `user` keys: limited to that user's own resources. */
      readonly userId: UserId | null;
      /** That user's role in the organization now; null for keys without a user. */
      readonly role: Role | null;
      /** Of that user; see below. */
      readonly workspaces?: readonly WorkspaceRole[];
      readonly rates?: Rates;
    }
  | {
      readonly type: 'user';
      readonly id: UserId;
      readonly name: string;
      readonly tenantId: TenantId;
      readonly role: Role;
      /** For viewers and members: the workspaces they belong to, the default one among them. Admins and owners belong to all. */
      readonly workspaces?: readonly WorkspaceRole[];
      readonly isOperator: boolean;
      readonly sessionId: string;
      readonly rates?: Rates;
    }
  | {
      readonly type: 'browser';
      /** The token's own id. */
      readonly id: string;
      readonly name: string;
      readonly tenantId: TenantId;
      /** The key or user behind the token, which dies with it. */
      readonly mintedBy: { readonly keyId: ApiKeyId | null; readonly userId: UserId | null };
      readonly boundary: Boundary;
      readonly permissions: readonly BrowserPermission[];
      readonly external: Attribution;
      readonly expiresAt: Date;
      readonly rates?: Rates;
    }
  | { readonly type: 'system'; readonly id: string; readonly name: string; readonly tenantId: TenantId | null };

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type BrowserActor = Extract<Actor, { type: 'browser' }>;

/**
 * The effect of a request that carries an `Idempotency-Key`, kept with the key in the transaction that is the effect (contract 1.4). A repeat of
 * the request whose first run died between effect and answer is given it instead of a second one. Used through `once` of `@miosa/db`.
 */
export interface Effect {
  /** What the effect of this name gave in a run that ended without an answer; undefined when there was none. */
  earlier(name: string): unknown;
  /** Throws when the request was taken over by a repeat, and so undoes the transaction. */
  keep(transaction: unknown, name: string, result: unknown): Promise<void>;
}

/** The context of one operation: first argument of every service function. */
export interface Op {
  readonly requestId: string;
  readonly actor: Actor;
  /** The role that the operation needs where it acts: in a workspace the wider of workspace and organization role counts. Default `viewer`. */
  readonly leastRole?: Role;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly log: Log;
  /** The one clock. */
  readonly now: () => Date;
  /** Aborted when the caller is gone or the process drains. Closing a connection never cancels committed work. */
  readonly signal: AbortSignal;
  /** Absent without an `Idempotency-Key`. */
  readonly effect?: Effect | undefined;
}

/** The organization of the operation; every route but the public ones has one. */
export const tenantOf = (op: Op): TenantId => {
  if (op.actor.tenantId === null) throw new Error('operation without an organization');
  return op.actor.tenantId;
};

const RANK: Readonly<Record<Role, number>> = { viewer: 0, member: 1, admin: 2, owner: 3 };

/** Is `role` at least `needed`? */
export const atLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];

export const widerRole = (a: Role, b: Role): Role => (atLeast(a, b) ? a : b);

/** Who runs the installation: an operator's JWT or the holder of a `msk_a_`/`msk_p_` key. */
export const isOperator = (actor: Actor): boolean =>
  actor.type === 'user' ? actor.isOperator : actor.type === 'key' && (actor.keyType === 'admin' || actor.keyType === 'platform');
