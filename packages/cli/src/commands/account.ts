import { type Context, clientFor, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { tokenOf } from '../invite-link.ts';
import type { Io } from '../io.ts';
import { type KeyOptions, keepLogin, keyOfSession } from '../kept.ts';
import type { Register } from '../run.ts';
import { withEmail, withSession } from '../session.ts';

interface Options extends KeyOptions {
  readonly email?: string;
  readonly name?: string;
  readonly organization?: string;
  readonly invite?: string;
  readonly forgot?: boolean;
}

const newPassword = async (io: Io): Promise<string> => {
  const password = await io.ask('New password (10 characters or more): ', { hidden: true });
  if ((await io.ask('Once more: ', { hidden: true })) !== password) throw new UserError('The two are not the same. Nothing was changed.');
  return password;
};

const register = async (context: Context<Options>): Promise<undefined> => {
  const { io, options, saved, output } = context;
  const anybody = clientFor(io, options, saved, 'none');
  const token = options.invite === undefined ? undefined : tokenOf(options.invite, anybody);
  const invited = token === undefined ? undefined : await anybody.invites.get(token);
  const email = options.email ?? invited?.email ?? (await io.ask('E-mail: '));
  const session = await anybody.auth.register({
    email,
    password: await newPassword(io),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.organization === undefined ? {} : { organizationName: options.organization }),
    ...(token === undefined ? {} : { inviteToken: token }),
  });
  await keepLogin(context, await keyOfSession(context, session, session.tenant.id), session.tenant.id);
  if (session.tenant.setupRequired) output.progress('Next, its permanent name: miosa tenants name "<name>"');
};

const changePassword = async (context: Context<Options>): Promise<undefined> => {
  const { io, options, saved, output } = context;
  if (options.forgot) {
    const email = options.email ?? (io.env.MIOSA_EMAIL || (await io.ask('E-mail: ')));
    await clientFor(io, options, saved, 'none').auth.password.forgot({ email });
    output.result({ success: true }, '', 'If there is such an account, a mail with a link is on its way. It is good for an hour.');
    return;
  }
  const changed = await withSession(
    context,
    async ({ miosa, password }) => {
      const current = password ?? (await io.ask('Current password: ', { hidden: true }));
      return miosa.auth.password({ current, new: await newPassword(io) });
    },
    { tenant: null },
  );
  output.result(changed, '', 'Changed. All other sessions ended; keys go on.');
  if (io.env.MIOSA_PASSWORD) output.progress('MIOSA_PASSWORD still holds the old one.');
};

export const accountCommands: Register = (parent, io, setExitCode) => {
  const registering = withEmail(
    parent.command('register').description('make an account, and log in; where this is open, or with an invite'),
  )
    .option('--name <name>', 'yours')
    .option('--organization <name>', 'of an organization of your own; permanent')
    .option('--invite <link or token>', 'into the organization that invited you');
  leaf(registering, io, setExitCode, register);
  const password = withEmail(parent.command('password').description('change your password; all other sessions end'));
  leaf(password.option('--forgot', 'have a link for a new one sent by mail'), io, setExitCode, changePassword);
};
