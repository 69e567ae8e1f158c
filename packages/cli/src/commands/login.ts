import { hostname } from 'node:os';
import type { Miosa } from '@miosa/sdk';
import { forgetLogin, saveLogin } from '../config.ts';
import { type Context, caOf, clientFor, leaf } from '../context.ts';
import { UserError } from '../failure.ts';
import { readAll } from '../io.ts';
import type { Register } from '../run.ts';

interface LoginOptions {
  readonly apiKey?: string;
  readonly email?: string;
  readonly keyType: 'user' | 'live';
}

/** A password is exchanged for a key at once: keys can be listed and revoked one by one, and do not end after a week. */
const keyByPassword = async ({ io, options, saved }: Context<LoginOptions>): Promise<{ apiKey: string; keyId: string }> => {
  const email = options.email ?? (await io.ask('E-mail: '));
  const password = await io.ask('Password: ', { hidden: true });
  const anonymous = clientFor(io, options, saved, 'none');
  const session = await anonymous.auth.login({ email, password });
  const user = clientFor(io, options, saved, session.token);
  const key = await user.apiKeys.create({ name: `miosa CLI on ${hostname()}`.slice(0, 120), keyType: options.keyType });
  await user.auth.logout({ refreshToken: session.refreshToken });
  if (key.key === undefined || key.key === null)
    throw new UserError('The server made no key. Use "miosa login --api-key" with a key of yours.');
  return { apiKey: key.key, keyId: key.id };
};

const login = async (context: Context<LoginOptions>): Promise<undefined> => {
  const { io, options, saved, output } = context;
  const given = options.apiKey === '-' ? (await readAll(io.stdin)).toString('utf8').trim() : options.apiKey;
  const made = given === undefined ? await keyByPassword(context) : { apiKey: given };
  const miosa: Miosa = clientFor(io, options, saved, made.apiKey);
  const me = await miosa.auth.me();
  const ca = caOf(io, options, saved);
  const file = await saveLogin(io.configDir, { baseUrl: miosa.baseUrl, ...made, ...(ca === undefined ? {} : { ca }) });
  output.result(
    { tenant: me.tenant, baseUrl: miosa.baseUrl },
    me.tenant.slug,
    `Logged in to ${me.tenant.name || me.tenant.slug} (${miosa.baseUrl}).`,
  );
  output.progress(`The key is kept in ${file}.`);
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

const whoami = async ({ miosa, output }: Context<object>): Promise<undefined> => {
  const me = await miosa.auth.me();
  const who = me.user?.email ?? me.key?.name ?? me.credential;
  output.result(
    me,
    who,
    `${who} (${me.credential}) in ${me.tenant.name || me.tenant.slug}, slug ${me.tenant.slug}\nscopes: ${(me.scopes ?? []).join(' ') || '-'}\n`,
  );
};

export const loginCommands: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('login')
    .description('log in with e-mail and password, or keep an API key')
    .option('--api-key <key>', 'keep this key; "-" reads it from standard input, out of sight of other processes')
    .option('--email <address>', 'asked for when missing')
    .option('--key-type <type>', 'key to make after a password: user (your own resources) or live (the organization)', 'user');
  leaf(command, io, setExitCode, login);
  leaf(parent.command('logout').description('revoke the key that login made, and forget it'), io, setExitCode, logout);
  leaf(parent.command('whoami').description('show the credential, its organization and scopes'), io, setExitCode, whoami);
};
