import type { Invite } from '@miosa/sdk';
import { type Context, clientFor, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { tokenOf } from '../invite-link.ts';
import { type PlaceOptions, placeOf, type Role, withRole, withWorkspace } from '../places.ts';
import type { Register } from '../run.ts';
import { type SessionOptions, withEmail, withSession } from '../session.ts';

interface Options extends SessionOptions, PlaceOptions {
  readonly role: Role;
}

const invite = async (context: Context<Options>, email: string): Promise<undefined> => {
  const { output, options } = context;
  const made = await withSession(context, async (acting) => {
    const place = await placeOf(acting, options);
    return place.invites.create(place.id, { email, role: options.role });
  });
  output.result(
    made,
    made.inviteUrl ?? made.id,
    made.inviteUrl ?? `${email} belongs to the organization and was added at once, as ${made.role}.`,
  );
  if (made.inviteUrl !== null)
    output.progress(`For ${email} alone, good until ${made.expiresAt}, shown this once; mailed too where the installation sends mail.`);
};

const stateOf = ({ acceptedAt, expiresAt }: Invite): string => {
  if (acceptedAt !== null) return 'accepted';
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : 'open';
};

const list = async (context: Context<Options>): Promise<undefined> => {
  const invites = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    return place.invites.list(place.id, { limit: 100 }).all();
  });
  const row = (one: Invite) => [one.id, one.email, one.role, stateOf(one), one.expiresAt];
  context.output.list(invites, ['ID', 'E-MAIL', 'ROLE', 'STATE', 'EXPIRES'], row, 'No invites.');
};

const revoke = async (context: Context<Options>, text: string): Promise<undefined> => {
  const deleted = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    const open = text.includes('@')
      ? (await place.invites.list(place.id, { limit: 100 }).all()).filter((one) => stateOf(one) !== 'accepted')
      : [];
    const id = text.includes('@') ? open.find((one) => one.email.toLowerCase() === text.toLowerCase())?.id : text;
    if (id === undefined) throw new UserError(`There is no open invite for ${text}. See "miosa members invites".`);
    return place.invites.delete(place.id, id);
  });
  context.output.result(deleted, deleted.id, `Revoked: the link of ${text} opens nothing any more.`);
};

/** Beside the members, whom they become. */
export const memberInviteCommands: Register = (parent, io, setExitCode) => {
  const here = (line: string, description: string) => withWorkspace(withEmail(parent.command(line).description(description)));
  const inviting = here(
    'invite <email>',
    'invite by mail; prints the link too. A member of the organization is added to a workspace at once',
  );
  leaf(withRole(inviting), io, setExitCode, invite);
  leaf(here('invites', 'list invites'), io, setExitCode, list);
  leaf(here('uninvite <invite>', 'revoke an open invite, by id or e-mail address'), io, setExitCode, revoke);
};

const get = async ({ io, options, saved, output }: Context<object>, given: string): Promise<undefined> => {
  const miosa = clientFor(io, options, saved, 'none');
  const view = await miosa.invites.get(tokenOf(given, miosa));
  const state =
    [view.accepted && 'accepted', view.revoked && 'revoked', view.expired && 'expired'].find((word) => word !== false) ?? 'open';
  output.fieldsBy(state, view, {
    for: view.email,
    organization: view.tenantName,
    ...(view.workspaceName === null ? {} : { workspace: view.workspaceName }),
    role: view.role,
    state,
    expires: view.expiresAt,
  });
};

/** With the account it was sent to: the invite says which. */
const accept = async (context: Context<SessionOptions>, given: string): Promise<undefined> => {
  const { io, options, saved, output } = context;
  const anybody = clientFor(io, options, saved, 'none');
  const token = tokenOf(given, anybody);
  const { email, tenantName } = await anybody.invites.get(token);
  const wanted = { email: options.email ?? email, tenant: null };
  const accepted = await withSession(context, ({ miosa }) => miosa.invites.accept(token), wanted);
  output.result(accepted, accepted.tenantId, `You belong to ${tenantName ?? 'the organization'} now, as ${accepted.role}.`);
  output.progress(`To work there: miosa tenants switch ${accepted.tenantId}`);
};

export const inviteCommands: Register = (parent, io, setExitCode) => {
  leaf(parent.command('get <link>').description('what an invite is for, and whether it is still good'), io, setExitCode, get);
  const accepting = parent.command('accept <link>').description('come in, with an account you have; without one: miosa register --invite');
  leaf(withEmail(accepting), io, setExitCode, accept);
};
