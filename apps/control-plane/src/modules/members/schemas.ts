import { PAGE_QUERY } from '@miosa/http';
import { Type } from 'typebox';
import { NewEmail, NewPassword } from '../access/index.ts';
import { Name, nullable, Tenant, Timestamp, Uuid } from '../tenancy/index.ts';

export const RoleName = Type.Enum(['viewer', 'member', 'admin', 'owner']);

export const Member = Type.Object(
  {
    user_id: Uuid,
    email: Type.String(),
    name: nullable(Type.String()),
    avatar_url: nullable(Type.String()),
    role: RoleName,
    status: Type.Enum(['active', 'suspended']),
    joined_at: Timestamp,
  },
  { $id: 'Member' },
);

export const ById = Type.Object({ id: Uuid });
export const ByUser = Type.Object({ id: Uuid, user_id: Uuid });
export const PageQuery = Type.Object({ ...PAGE_QUERY });

const wantedRole = Type.Enum(['viewer', 'member', 'admin', 'owner'], { default: 'member' });
export const MemberCreate = Type.Object({ user_id: Uuid, role: wantedRole });
export const MemberChange = Type.Object({ role: RoleName });
export const OwnershipTransfer = Type.Object({ user_id: Uuid });

const inviteFields = {
  id: Type.String(),
  tenant_id: Uuid,
  workspace_id: nullable(Uuid),
  email: Type.String(),
  role: RoleName,
  invited_by: Uuid,
  expires_at: Timestamp,
  accepted_at: nullable(Timestamp),
  created_at: Timestamp,
};
export const Invite = Type.Object(inviteFields, { $id: 'Invite' });
export const InviteCreated = Type.Object(
  { ...inviteFields, invite_url: nullable(Type.String({ description: 'Returned this once; null when the user was added at once' })) },
  { $id: 'InviteCreated' },
);
export const InviteCreate = Type.Object({ email: NewEmail, role: wantedRole });
export const ByInvite = Type.Object({ id: Uuid, invite_id: Type.String({ maxLength: 64 }) });

const Token = Type.String({ minLength: 1, maxLength: 128 });
export const ByToken = Type.Object({ token: Token });
export const InviteView = Type.Object(
  {
    email: Type.String(),
    tenant_name: nullable(Type.String()),
    workspace_name: nullable(Type.String()),
    role: RoleName,
    expires_at: Timestamp,
    expired: Type.Boolean(),
    revoked: Type.Boolean(),
    accepted: Type.Boolean(),
  },
  { $id: 'InviteView' },
);
export const InviteAccepted = Type.Object(
  { accepted: Type.Literal(true), tenant_id: Uuid, workspace_id: nullable(Uuid), role: RoleName },
  { $id: 'InviteAccepted' },
);

export const Register = Type.Object({
  email: NewEmail,
  password: NewPassword,
  name: Type.Optional(nullable(Name)),
  organization_name: Type.Optional(nullable(Name)),
  invite_token: Type.Optional(nullable(Token)),
});

export const TenantCreate = Type.Object({ name: Name });
export const BySelector = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, description: 'Id or slug' }) });
export const Switched = Type.Object({ tenant: Tenant, token: Type.String(), refresh_token: Type.String() }, { $id: 'Switched' });
export const Confirm = Type.Object({ confirm: Type.String({ maxLength: 64, description: 'Slug of the organization' }) });

const counts = () => Type.Record(Type.String(), Type.Integer());
export const Plan = Type.Object(
  {
    id: Uuid,
    name: nullable(Type.String()),
    plan: Type.String(),
    status: Type.Enum(['active', 'suspended']),
    limits: counts(),
    usage: counts(),
  },
  { $id: 'Plan' },
);
