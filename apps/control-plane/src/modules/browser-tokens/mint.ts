import { type BrowserTokenPayload, mintBrowserToken } from '@miosa/hostnames';
import { type BrowserPermission, Fault, invalid, isBrowserPermission, newId, notFound, type Op, tenantOf } from '@miosa/kernel';
import type { Static } from 'typebox';
import { hasScope } from '../access/index.ts';
import { record } from '../audit/index.ts';
import type { Core } from './core.ts';
import { SCOPE_OF } from './permissions.ts';
import type { BrowserToken, BrowserTokenCreate } from './schemas.ts';

type Request = Static<typeof BrowserTokenCreate>;

interface Chosen {
  readonly workspaceId: string;
  readonly projectId: string | null;
  readonly sandboxId: string | null;
}

/** Every selector given, agreed; the narrowest is the boundary. Nothing is made. */
const boundaryOf = async (op: Op, core: Core, body: Request): Promise<Chosen> => {
  // There are none yet; ignoring the field would make the token wider than what was asked for.
  if (body.computer_id != null) throw notFound();
  const sandbox = body.sandbox_id == null ? null : await core.sandboxes.find(op, body.sandbox_id);
  const place = await core.tenancy.resolvePlace(op, {
    workspaceId: body.workspace_id?.toLowerCase() ?? sandbox?.workspaceId ?? null,
    projectId: body.project_id?.toLowerCase() ?? sandbox?.projectId ?? null,
    externalWorkspaceId: body.external_workspace_id ?? null,
    externalProjectId: body.external_project_id ?? null,
  });
  if (place === null) throw invalid('sandbox_id', 'name what the token is for: sandbox_id, project_id or workspace_id');
  if (sandbox !== null && place.projectId !== sandbox.projectId) {
    throw new Fault('OWNERSHIP_CONFLICT', 'sandbox_id lies in another project than the other selectors name.');
  }
  return { ...place, sandboxId: sandbox?.id ?? null };
};

const permissionsOf = ({ actor }: Op, wanted: readonly string[]): BrowserPermission[] => {
  const permissions = wanted.map((permission, i) => {
    if (!isBrowserPermission(permission)) throw invalid(`permissions[${i}]`, `"${permission}" is not a permission of browser tokens`);
    return permission;
  });
  for (const permission of permissions) {
    const scope = SCOPE_OF[permission];
    if (hasScope(actor, scope)) continue;
    throw new Fault('FORBIDDEN', `Giving ${permission} needs the scope ${scope}.`, { details: { required_scope: scope, permission } });
  }
  return [...new Set(permissions)];
};

/** The key or user behind the new token. Browser tokens mint none: the route is closed to them, and so is this. */
const minterOf = ({ actor }: Op): Pick<BrowserTokenPayload, 'keyId' | 'userId'> => {
  if (actor.type === 'key') return { keyId: actor.id, userId: actor.userId };
  if (actor.type === 'user') return { keyId: null, userId: actor.id };
  throw new Fault('FORBIDDEN', 'Browser tokens are minted by keys and users.', { details: { reason: 'browser_token' } });
};

/** Mints a token for a browser. It is signed, not stored: it cannot be listed, renewed or revoked by itself. */
export const createBrowserToken = async (op: Op, core: Core, body: Request): Promise<Static<typeof BrowserToken>> => {
  const minter = minterOf(op);
  const permissions = permissionsOf(op, body.permissions);
  const boundary = await boundaryOf(op, core, body);
  const exp = Math.floor(op.now().getTime() / 1000) + body.ttl_seconds;
  const jti = newId('btk', op.now().getTime());
  const external = {
    externalWorkspaceId: body.external_workspace_id ?? null,
    externalUserId: body.external_user_id ?? null,
    externalProjectId: body.external_project_id ?? null,
  };
  const payload = { jti, tenantId: tenantOf(op), ...boundary, permissions, ...external, exp, ...minter };
  const token = mintBrowserToken(core.signingKeys().privateKeyPem, payload);
  await record(core.db.read, op, {
    action: 'browserTokens.create',
    resourceType: 'browser_token',
    resourceId: jti,
    ownership: { workspaceId: boundary.workspaceId, projectId: boundary.projectId, ...external },
    metadata: { permissions, sandbox_id: boundary.sandboxId, ttl_seconds: body.ttl_seconds },
  });
  return {
    token,
    expires_at: new Date(exp * 1000).toISOString(),
    permissions,
    workspace_id: boundary.workspaceId,
    ...(boundary.projectId === null ? {} : { project_id: boundary.projectId }),
    ...(boundary.sandboxId === null ? {} : { sandbox_id: boundary.sandboxId }),
  };
};
