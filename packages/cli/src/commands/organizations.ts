import { AuthenticationError, type Miosa, NotFoundError, type Tenant } from '@miosa/sdk';
import { type Context, clientFor, confirm, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { type KeyOptions, keepLogin, keyOfSession } from '../kept.ts';
import { printable } from '../output.ts';
import type { Register } from '../run.ts';
import { type SessionOptions, withEmail, withSession } from '../session.ts';

type Options = SessionOptions & KeyOptions & { readonly all?: boolean; readonly yes?: boolean };

/** A key knows its own organization only; all of a user takes the user. */
const list = async (context: Context<Options>): Promise<undefined> => {
  const all = context.options.all === true;
  const tenants = all
    ? await withSession(context, ({ miosa }) => miosa.platform.tenants.list().all(), { tenant: null })
    : await context.miosa.platform.tenants.list().all();
  const row = (t: Tenant) => [t.id, t.slug, t.name, t.role, t.plan];
  context.output.list(tenants, ['ID', 'SLUG', 'NAME', 'ROLE', 'PLAN'], row, 'No organizations.');
  if (!all) context.output.progress('The organization of this key; all of yours: --all');
};

const create = async (context: Context<Options>, name: string): Promise<undefined> => {
  const tenant = await withSession(context, ({ miosa }) => miosa.platform.tenants.create({ name }), { tenant: null });
  context.output.result(tenant, tenant.id, `Made ${printable(tenant.name)}, slug ${tenant.slug}. You own it.`);
  context.output.progress(`To work there: miosa tenants switch ${tenant.slug}`);
};

const rename = async (context: Context<Options>, name: string): Promise<undefined> => {
  const tenant = await withSession(context, ({ miosa, tenant: { id } }) => miosa.tenants.set(id, { name }));
  context.output.result(tenant, tenant.id, `The organization is ${printable(tenant.name)}, slug ${tenant.slug}, for good.`);
};

const sessionIn = (miosa: Miosa, selector: string) =>
  miosa.platform.tenants.switch(selector).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw new UserError(`You belong to no organization "${selector}". See "miosa tenants ls --all".`);
  });

/** The login of this computer moves: a key of its own there, and the one that an earlier login made here ends. */
const switchTo = async (context: Context<Options>, selector: string): Promise<undefined> => {
  const { io, options, saved, output } = context;
  const { tenant, key } = await withSession(
    context,
    async ({ miosa }) => {
      const there = await sessionIn(miosa, selector);
      return { tenant: there.tenant, key: await keyOfSession(context, there, there.tenant.id) };
    },
    { tenant: null },
  );
  await keepLogin(context, key, tenant.id);
  if (saved.keyId === undefined || saved.apiKey === undefined) return;
  await clientFor(io, options, saved, saved.apiKey)
    .apiKeys.revoke(saved.keyId)
    .catch((error: Error) => {
      // It had ended before, e.g. with its organization.
      if (error instanceof AuthenticationError) return;
      output.progress(`The key of the earlier login, ${saved.keyId}, was not revoked: ${error.message}`);
    });
};

const plan = async ({ miosa, output }: Context<object>): Promise<undefined> => {
  const found = await miosa.tenant.plan.get();
  const lines = (counts: Record<string, number>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`), count]),
    );
  output.fields(found, {
    organization: found.name,
    plan: found.plan,
    status: found.status,
    ...lines(found.limits as Record<string, number>),
    ...lines(found.usage as Record<string, number>),
  });
};

const remove = async (context: Context<Options>, slug: string): Promise<undefined> => {
  await confirm(context, `This destroys the organization ${slug} with all its workspaces, sandboxes and keys, for good.`);
  const deleted = await withSession(context, ({ miosa, tenant }) => miosa.tenants.delete(tenant.id, { confirm: slug }), { tenant: slug });
  context.output.result(deleted, deleted.id, `Deleted ${slug}.`);
  if (context.saved.apiKey !== undefined) context.output.progress('Were you logged in there? Then: miosa tenants switch, or miosa logout.');
};

export const organizationCommands: Register = (parent, io, setExitCode) => {
  const mine = (line: string, description: string) => withEmail(parent.command(line).description(description));
  const listing = mine('ls', 'the organization of the key').alias('list').option('--all', 'all you belong to; asks for your password');
  leaf(listing, io, setExitCode, list);
  leaf(mine('create <name>', 'make another organization, which you own; name and slug are permanent'), io, setExitCode, create);
  leaf(mine('name <name>', 'give a new organization its permanent name, and so its slug; once'), io, setExitCode, rename);
  const switching = mine('switch <organization>', 'log this computer in to another organization of yours, by id or slug');
  leaf(switching.option('--key-type <type>', 'key to make there: user or live', 'user'), io, setExitCode, switchTo);
  leaf(parent.command('plan').description('what the plan allows, and what is used'), io, setExitCode, plan);
  const deleting = mine('delete <slug>', 'destroy an organization you own, with everything in it').option('--yes', 'do not ask');
  leaf(deleting, io, setExitCode, remove);
};
