import type { Static } from 'typebox';
import type { InviteRow, InviteWithNames } from './invites.store.ts';
import type { NewInvite } from './invites.ts';
import type { MemberRow } from './members.store.ts';
import type { Invite, InviteCreated, InviteView, Member } from './schemas.ts';

export const presentMember = (row: MemberRow): Static<typeof Member> => ({
  user_id: row.user_id,
  email: row.email,
  name: row.name,
  avatar_url: null, // pictures are not kept yet
  role: row.role,
  status: row.suspended_at === null ? 'active' : 'suspended',
  joined_at: row.joined_at.toISOString(),
});

export const presentInvite = (row: InviteRow): Static<typeof Invite> => ({
  id: row.id,
  tenant_id: row.tenant_id,
  workspace_id: row.workspace_id,
  email: row.email,
  role: row.role,
  invited_by: row.invited_by,
  expires_at: row.expires_at.toISOString(),
  accepted_at: row.accepted_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});

export const presentNewInvite = ({ row, url }: NewInvite): Static<typeof InviteCreated> => ({ ...presentInvite(row), invite_url: url });

export const presentView = (row: InviteWithNames, now: Date): Static<typeof InviteView> => ({
  email: row.email,
  tenant_name: row.tenant_name,
  workspace_name: row.workspace_name,
  role: row.role,
  expires_at: row.expires_at.toISOString(),
  expired: row.expires_at <= now,
  revoked: row.revoked_at !== null || row.lost,
  accepted: row.accepted_at !== null,
});
