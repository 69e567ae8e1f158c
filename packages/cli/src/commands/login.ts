import { forgetLogin } from '../config.ts';
import { type Context, clientFor, leaf } from '../context.ts';
import { keyByDevice } from '../device.ts';
import { UserError } from '../failure.ts';
import { readAll } from '../io.ts';
import { type KeyOptions, keepLogin, keyOfSession } from '../kept.ts';
import type { Register } from '../run.ts';
import { openSession, withEmail } from '../session.ts';

interface LoginOptions extends KeyOptions {
  readonly apiKey?: string;
  readonly email?: string;
  readonly device?: boolean;
}

/** The id is on record so that `logout` ends what this login made. */
const byDevice = async (context: Context<LoginOptions>) => {
  const { io, options, saved } = context;
  const apiKey = await keyByDevice(context);
  const { key } = await clientFor(io, options, saved, apiKey).auth.me();
  return { apiKey, ...(key ? { keyId: key.id } : {}) };
};

const byPassword = async (context: Context<LoginOptions>) => {
  const { io, options } = context;
  const email = options.email ?? (io.env.MIOSA_EMAIL || (await io.ask('E-mail: ')));
  return keyOfSession(context, await openSession(context, email));
};

const login = async (context: Context<LoginOptions>): Promise<undefined> => {
  const { io, options } = context;
  if (options.device && (options.apiKey !== undefined || options.keyType === 'live'))
    throw new UserError('--device makes a key of your own: it goes with neither --api-key nor --key-type live.');
  if (options.device) return keepLogin(context, await byDevice(context));
  const given = options.apiKey === '-' ? (await readAll(io.stdin)).toString('utf8').trim() : options.apiKey;
  return keepLogin(context, given === undefined ? await byPassword(context) : { apiKey: given });
};

const logout = async ({ io, options, saved, output }: Context<object>): Promise<undefined> => {
  try {
    if (saved.keyId !== undefined && saved.apiKey !== undefined)
      await clientFor(io, options, saved, saved.apiKey).apiKeys.revoke(saved.keyId);
  } catch (error) {
    output.progress(`The key could not be revoked (${(error as Error).message}); revoke it with "miosa keys revoke ${saved.keyId}".`);
  }
  await forgetLogin(io.configDir);
  output.result({ success: true }, '', 'Logged out.');
};

const CREDENTIALS = { key: 'API key', jwt: 'session', browser: 'browser token' } as const;

const whoami = async ({ miosa, output }: Context<object>): Promise<undefined> => {
  const me = await miosa.auth.me();
  const { user, key, tenant } = me;
  output.fieldsBy(user?.email ?? key?.name ?? me.credential, me, {
    credential: CREDENTIALS[me.credential],
    ...(user ? { user: user.name ? `${user.name} <${user.email}>` : user.email, 'user id': user.id } : {}),
    ...(user?.isOperator ? { operator: 'yes' } : {}),
    organization: `${tenant.name || '(no name yet)'}, slug ${tenant.slug}`,
    'organization id': tenant.id,
    ...(me.role ? { role: me.role } : {}),
    ...(key ? { key: `${key.name} (${key.keyPrefix}…, ${key.keyType})`, 'key id': key.id, expires: key.expiresAt ?? 'never' } : {}),
    ...(key?.workspaceId ? { workspace: key.workspaceId } : {}),
    ...(me.permissions ? { permissions: me.permissions.join(' ') } : { scopes: me.scopes.join(' ') }),
  });
};

export const loginCommands: Register = (parent, io, setExitCode) => {
  const command = withEmail(parent.command('login').description('log in with e-mail and password, in a browser, or with an API key'))
    .option('--device', 'show a code and a link; approve in any browser')
    .option('--api-key <key>', 'keep this key; "-" reads it from standard input, out of sight of other processes')
    .option('--key-type <type>', 'key to make after a password: user (your own resources) or live (the organization)', 'user');
  leaf(command, io, setExitCode, login);
  leaf(parent.command('logout').description('revoke the key that login made, and forget it'), io, setExitCode, logout);
  leaf(parent.command('whoami').description('show the credential: user, organization, role, key, scopes'), io, setExitCode, whoami);
};
