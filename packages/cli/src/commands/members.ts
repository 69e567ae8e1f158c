import type { Member } from '@miosa/sdk';
import { type Context, confirm, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { isUuid } from '../names.ts';
import { memberId, type PlaceOptions, placeOf, type Role, roleArgument, withRole, withWorkspace } from '../places.ts';
import type { Register } from '../run.ts';
import { type SessionOptions, withEmail, withSession } from '../session.ts';

interface Options extends SessionOptions, PlaceOptions {
  readonly role: Role;
  readonly yes?: boolean;
}

const show = ({ output }: Context<object>, member: Member, done: string): undefined => {
  output.result(member, member.userId, `${done}: ${member.email}, ${member.role}.`);
};

const list = async (context: Context<Options>): Promise<undefined> => {
  const members = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    return place.members.list(place.id, { limit: 100 }).all();
  });
  const row = (m: Member) => [m.userId, m.email, m.name, m.role, m.status, m.joinedAt];
  context.output.listBy((m) => m.userId, members, ['USER', 'E-MAIL', 'NAME', 'ROLE', 'STATUS', 'JOINED'], row, 'Nobody was added here.');
};

/** Only somebody known can be added. To a workspace: a member of the organization; to that: somebody of another one of the caller's. */
const add = async (context: Context<Options>, user: string): Promise<undefined> => {
  const { role, workspace } = context.options;
  if (workspace === undefined && !isUuid(user))
    throw new UserError(`Only a user id can be added to the organization. Invite the address: miosa members invite ${user}`);
  const member = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    const userId = await memberId(acting, await placeOf(acting, {}), user);
    return place.members.create(place.id, { userId, role });
  });
  return show(context, member, 'Added');
};

const change = async (context: Context<Options>, user: string, role: string): Promise<undefined> => {
  const member = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    return place.members.update(place.id, await memberId(acting, place, user), { role: role as Role });
  });
  return show(context, member, 'Changed');
};

const remove = async (context: Context<Options>, user: string): Promise<undefined> => {
  const { workspace } = context.options;
  await confirm(
    context,
    workspace === undefined
      ? `This removes ${user} from the organization; keys and sessions there end at once.`
      : `This removes ${user} from the workspace ${workspace}.`,
  );
  const removed = await withSession(context, async (acting) => {
    const place = await placeOf(acting, context.options);
    return place.members.delete(place.id, await memberId(acting, place, user));
  });
  context.output.result(removed, removed.id, `Removed ${user}.`);
};

const transfer = async (context: Context<Options>, user: string): Promise<undefined> => {
  await confirm(context, `This makes ${user} the owner of the organization, and you one of its admins.`);
  const tenant = await withSession(context, async (acting) => {
    const userId = await memberId(acting, await placeOf(acting, {}), user);
    return acting.miosa.tenants.transferOwnership(acting.tenant.id, { userId });
  });
  context.output.result(tenant, tenant.id, `${user} owns ${tenant.name || tenant.slug} now.`);
};

const YES = ['--yes', 'do not ask'] as const;

export const memberCommands: Register = (parent, io, setExitCode) => {
  const here = (line: string, description: string) => withWorkspace(withEmail(parent.command(line).description(description)));
  leaf(here('ls', 'list members').alias('list'), io, setExitCode, list);
  const adding = here('add <user>', 'add a user you share an organization with, by id; to a workspace: a member of the organization');
  leaf(withRole(adding), io, setExitCode, add);
  leaf(
    here('role <user>', 'give another role, at most your own; <user> is an id or e-mail address').addArgument(roleArgument()),
    io,
    setExitCode,
    change,
  );
  leaf(
    here('rm <user>', 'remove a member, or leave')
      .alias('delete')
      .option(...YES),
    io,
    setExitCode,
    remove,
  );
  const transferring = withEmail(parent.command('transfer <user>').description('make another member the owner, and step down to admin'));
  leaf(transferring.option(...YES), io, setExitCode, transfer);
};
