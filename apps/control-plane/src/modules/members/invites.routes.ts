import { defineRoute, type Page, pageOf, positionOf, type Route, withStatus } from '@miosa/http';
import { type Op, tenantOf } from '@miosa/kernel';
import { Deleted } from '../tenancy/index.ts';
import { assertOwnTenant } from './authority.ts';
import type { Core } from './core.ts';
import { createInvite, deleteInvite, pageOfInvites } from './invites.ts';
import { acceptInvite, viewInvite } from './joining.ts';
import { presentInvite, presentNewInvite, presentView } from './present.ts';
import { ById, ByInvite, ByToken, Invite, InviteAccepted, InviteCreate, InviteCreated, InviteView, PageQuery } from './schemas.ts';
import type { Place } from './types.ts';
import { placeOf } from './workspace-members.ts';

interface Kind {
  /** Prefix of operation ids, and of paths. */
  readonly noun: 'tenants' | 'workspaces';
  readonly words: string;
  readonly access: Exclude<Route['access'], 'public'>;
  /** 404 for a place the caller does not see. */
  placeOf(op: Op, core: Core, id: string): Promise<Place>;
}

const admin = { scope: null, credentials: 'jwt', minRole: 'admin' } as const;

const ORGANIZATION: Kind = {
  noun: 'tenants',
  words: 'the organization',
  access: admin,
  placeOf: async (op, _core, id) => {
    assertOwnTenant(op, id);
    return { tenantId: tenantOf(op), workspaceId: null };
  },
};
const WORKSPACE: Kind = { noun: 'workspaces', words: 'the workspace', access: { ...admin, roleIn: 'workspace' }, placeOf };

type InviteWire = ReturnType<typeof presentInvite>;

const administration = (core: Core, { noun, words, access, placeOf }: Kind): Route[] => [
  defineRoute({
    id: `${noun}.invites.list`,
    method: 'GET',
    path: `/${noun}/{id}/invites`,
    summary: `Invites to ${words} that are not revoked, newest first`,
    access,
    params: ById,
    query: PageQuery,
    response: Invite,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }): Promise<Page<InviteWire>> => {
      const rows = await pageOfInvites(core, await placeOf(op, core, params.id), { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, (row) => ({ at: row.at, id: row.id }), presentInvite);
    },
  }),
  defineRoute({
    id: `${noun}.invites.create`,
    method: 'POST',
    path: `/${noun}/{id}/invites`,
    summary: `Invite somebody to ${words} by e-mail; the answer holds the link, once`,
    description:
      'Takes the place of an open invite for the same address. A member of the organization is added to a workspace at once (200).',
    access,
    params: ById,
    body: InviteCreate,
    response: InviteCreated,
    status: 201,
    errors: ['CONFLICT', 'QUOTA_EXCEEDED'],
    handler: async (op, { params, body }) => {
      const made = await createInvite(op, core, await placeOf(op, core, params.id), body);
      return withStatus(made.url === null ? 200 : 201, presentNewInvite(made));
    },
  }),
  defineRoute({
    id: `${noun}.invites.delete`,
    method: 'DELETE',
    path: `/${noun}/{id}/invites/{invite_id}`,
    summary: `Revoke an invite to ${words}`,
    access,
    params: ByInvite,
    response: Deleted,
    errors: ['ALREADY_ACCEPTED'],
    handler: async (op, { params }) => {
      await deleteInvite(op, core, await placeOf(op, core, params.id), params.invite_id);
      return { id: params.invite_id, deleted: true as const };
    },
  }),
];

const invitees = (core: Core): Route[] => [
  defineRoute({
    id: 'invites.get',
    method: 'GET',
    path: '/invites/{token}',
    summary: 'What an invite is for and whether it still holds',
    access: 'public',
    bucket: 'auth',
    params: ByToken,
    response: InviteView,
    handler: async (op, { params }) => presentView(await viewInvite(core, params.token), op.now()),
  }),
  defineRoute({
    id: 'invites.accept',
    method: 'POST',
    path: '/invites/{token}/accept',
    summary: 'Accept an invite that was sent to the own address',
    access: { scope: null, credentials: 'jwt', minRole: 'viewer' },
    params: ByToken,
    response: InviteAccepted,
    errors: ['GONE', 'ALREADY_ACCEPTED', 'EMAIL_MISMATCH', 'CONFLICT'],
    handler: async (op, { params }) => {
      const { tenant_id, workspace_id, role } = await acceptInvite(op, core, params.token);
      return { accepted: true as const, tenant_id, workspace_id, role };
    },
  }),
];

export const inviteRoutes = (core: Core): Route[] => [
  ...administration(core, ORGANIZATION),
  ...administration(core, WORKSPACE),
  ...invitees(core),
];
