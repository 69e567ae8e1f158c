import { hash, randomBytes } from 'node:crypto';
import { once, type Tx } from '@miosa/db';
import { Fault, newId, notFound, type Op, type Role } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import { type TenantRow, workspaceById } from '../tenancy/index.ts';
import { assertWithin, authorityIn, holdTenant, userOf } from './authority.ts';
import type { Core } from './core.ts';
import {
  countInvitesSince,
  type InviteRow,
  insertInvite,
  listInvites,
  lockInvite,
  revokeInvite,
  revokeOpenInvite,
} from './invites.store.ts';
import { type MemberRow, memberByEmail, type PageRequest } from './members.store.ts';
import { alreadyMember } from './members.ts';
import type { Place } from './types.ts';
import { addWorkspaceMemberRow } from './workspace-members.store.ts';

const DAY_MS = 24 * 3600_000;
const LIFE_MS = 7 * DAY_MS;
/** Each is a mail to an address somebody made up: an organization is no bulk mailer. */
const INVITES_PER_DAY = 200;

/** What is stored and looked up; 256 random bits need no slow hash. */
export const inviteHash = (token: string): Buffer => hash('sha256', token, 'buffer');

const assertNotTooMany = async (tx: Tx, op: Op, { tenantId }: Place): Promise<void> => {
  const used = await countInvitesSince(tx, tenantId, new Date(op.now().getTime() - DAY_MS));
  if (used < INVITES_PER_DAY) return;
  throw new Fault('QUOTA_EXCEEDED', `An organization sends at most ${INVITES_PER_DAY} invites a day.`, {
    details: { quota: 'invites_per_day', limit: INVITES_PER_DAY, used, level: 'organization' },
  });
};

export interface NewInvite {
  readonly row: InviteRow;
  /** Null when the user was added at once. */
  readonly url: string | null;
}

interface Wanted {
  readonly email: string;
  readonly role: Role;
}

/** The place itself is in the row; the action is named after the route. */
const entry = (place: Place, verb: string, row: InviteRow) => ({
  action: place.workspaceId === null ? `invites.${verb}` : `workspaces.invites.${verb}`,
  resourceType: 'invite',
  resourceId: row.id,
  ownership: { workspaceId: row.workspace_id },
  metadata: { email: row.email, role: row.role },
});

const titleOf = async (tx: Tx, tenant: TenantRow, place: Place): Promise<string> => {
  if (place.workspaceId === null) return tenant.name ?? tenant.slug;
  const workspace = await workspaceById(tx, place.tenantId, place.workspaceId);
  if (workspace === undefined) throw notFound();
  return `${workspace.name} (${tenant.name ?? tenant.slug})`;
};

const draft = (op: Op, place: Place, { email, role }: Wanted, token: string): Omit<InviteRow, 'revoked_at'> => ({
  id: newId('inv', op.now().getTime()),
  tenant_id: place.tenantId,
  workspace_id: place.workspaceId,
  email,
  role,
  token_hash: inviteHash(token),
  invited_by: userOf(op).id,
  expires_at: new Date(op.now().getTime() + LIFE_MS),
  accepted_at: null,
  accepted_by: null,
  created_at: op.now(),
});

/** Somebody of the organization needs no mail to be let into one more of its workspaces. */
const addAtOnce = async (tx: Tx, op: Op, place: Place, member: MemberRow, row: Omit<InviteRow, 'revoked_at'>): Promise<InviteRow> => {
  const { tenantId, workspaceId } = place;
  if (workspaceId === null) throw alreadyMember();
  if (!(await addWorkspaceMemberRow(tx, { tenantId, workspaceId }, member.user_id, row.role, op.now()))) throw alreadyMember();
  return insertInvite(tx, { ...row, accepted_at: op.now(), accepted_by: member.user_id });
};

/** `title` is null for somebody who needed no invitation. */
interface MadeInvite {
  readonly row: InviteRow;
  readonly title: string | null;
  readonly token: string;
}

/** Takes the place of an open invite for the same address. Who knows the link and has the address may come in. */
export const createInvite = async (op: Op, core: Core, place: Place, wanted: Wanted): Promise<NewInvite> => {
  const made = await once<MadeInvite>(op, 'invites.create', (keep) =>
    core.db.tx(op, 'invites.create', async (tx) => {
      const token = randomBytes(32).toString('base64url');
      const tenant = await holdTenant(tx, op);
      assertWithin(await authorityIn(tx, op, place, 'admin'), wanted.role);
      const title = await titleOf(tx, tenant, place);
      const member = await memberByEmail(tx, place.tenantId, wanted.email);
      const row = draft(op, place, wanted, token);
      if (member !== undefined) {
        const added = await addAtOnce(tx, op, place, member, row);
        await record(tx, op, entry(place, 'create', added));
        return keep(tx, { row: added, title: null, token });
      }
      await assertNotTooMany(tx, op, place);
      await revokeOpenInvite(tx, place, wanted.email, op.now());
      const invite = await insertInvite(tx, row);
      await record(tx, op, entry(place, 'create', invite));
      return keep(tx, { row: invite, title, token });
    }),
  );
  const { row, title, token } = made;
  if (title === null) {
    core.access.core.authenticator.forget();
    return { row, url: null };
  }
  const { siteUrl, send } = core.access.core.outgoing;
  const url = `${siteUrl}/invites/${token}`;
  send({
    to: row.email,
    subject: `Invitation to ${title}`,
    text: `${userOf(op).name} invites you to ${title} as ${row.role}. Within seven days, accept here:\n\n${url}\n\nIf you do not know what this is about, ignore this mail.`,
  });
  return { row, url };
};

export const pageOfInvites = (core: Core, place: Place, page: PageRequest) => listInvites(core.db.read, place, page);

/** Repeating it changes nothing. */
export const deleteInvite = (op: Op, core: Core, place: Place, id: string): Promise<void> =>
  core.db.tx(op, 'invites.delete', async (tx) => {
    await holdTenant(tx, op);
    await authorityIn(tx, op, place, 'admin');
    const invite = await lockInvite(tx, place, id);
    if (invite === undefined) throw notFound();
    if (invite.accepted_at !== null) throw new Fault('ALREADY_ACCEPTED', 'This invite is accepted; remove the member instead.');
    if (invite.revoked_at !== null) return;
    await revokeInvite(tx, id, op.now());
    await record(tx, op, entry(place, 'delete', invite));
  });
