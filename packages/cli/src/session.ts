import { AuthenticationError, type Identity, type Miosa, NotFoundError, type Session } from '@miosa/sdk';
import type { Command } from 'commander';
import { type Context, clientFor } from './context.ts';
import { UserError } from './failure.ts';

export interface SessionOptions {
  readonly email?: string;
}

/** Who acts, and where. */
export interface Acting {
  readonly miosa: Miosa;
  readonly userId: string;
  readonly email: string;
  readonly tenant: Identity['tenant'];
  /** What the session was opened with; undefined for a session that was there. */
  readonly password?: string;
}

/** What the command knows better than environment and login. */
export interface Wanted {
  readonly email?: string;
  /** Id or slug of the organization to act in; null: where the account is at home. */
  readonly tenant?: string | null;
}

export const withEmail = (command: Command): Command =>
  command.option('--email <address>', 'your account (MIOSA_EMAIL); the password is asked for (or MIOSA_PASSWORD)');

/** A JWT, in the place of a key: it is a session already. */
const isSession = (credential: string | undefined): boolean => credential?.startsWith('eyJ') === true;

/** Whose key this is; undefined without one, and for one that has ended. */
const keyOwner = async ({ io, saved, miosa }: Context<object>): Promise<Identity | undefined> => {
  if (!(io.env.MIOSA_API_KEY || saved.apiKey)) return undefined;
  try {
    return await miosa.auth.me();
  } catch (error) {
    if (error instanceof AuthenticationError) return undefined;
    throw error;
  }
};

/** A session of this e-mail address. A password of the environment that is refused is asked for instead. */
export const openSession = async (context: Context<object>, email: string): Promise<Session & { readonly password: string }> => {
  const { io, options, saved, output } = context;
  const { auth } = clientFor(io, options, saved, 'none');
  const kept = io.env.MIOSA_EMAIL && io.env.MIOSA_EMAIL !== email ? undefined : io.env.MIOSA_PASSWORD;
  if (kept) {
    try {
      return { ...(await auth.login({ email, password: kept })), password: kept };
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error;
      output.progress(`MIOSA_PASSWORD is not the password of ${email}.`);
    }
  }
  const password = await io.ask(`Password of ${email}: `, { hidden: true });
  return { ...(await auth.login({ email, password })), password };
};

const identityIn = async (miosa: Miosa, email: string, tenant: string | undefined): Promise<Identity> => {
  try {
    return await miosa.auth.me();
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new UserError(`${email} does not belong to an organization "${tenant}". See "miosa tenants ls --all".`);
  }
};

/**
 * Administration takes the session of a person, never a key (contract 2.6): opened with the password for this one command, and ended
 * behind it, so that nothing on disk can administer. It acts in the organization of the key at hand.
 */
export const withSession = async <T>(
  context: Context<SessionOptions>,
  act: (acting: Acting) => Promise<T>,
  wanted: Wanted = {},
): Promise<T> => {
  const { io, options, saved } = context;
  const chosen = wanted.tenant === null ? undefined : (wanted.tenant ?? (io.env.MIOSA_TENANT || saved.tenant));
  if (isSession(io.env.MIOSA_API_KEY || saved.apiKey)) {
    const miosa = clientFor(io, options, saved, undefined, chosen);
    return act(actingAs(miosa, await identityIn(miosa, 'This session', chosen)));
  }
  const owner = await keyOwner(context);
  const email = wanted.email ?? options.email ?? (io.env.MIOSA_EMAIL || owner?.user?.email) ?? (await io.ask('E-mail: '));
  const tenant = wanted.tenant === null ? undefined : (chosen ?? owner?.tenant.id);
  const session = await openSession(context, email);
  const miosa = clientFor(io, options, saved, session.token, tenant ?? session.tenant.id);
  try {
    return await act({ ...actingAs(miosa, await identityIn(miosa, email, tenant)), password: session.password });
  } finally {
    await clientFor(io, options, saved, session.token, session.tenant.id)
      .auth.logout({ refreshToken: session.refreshToken })
      // It may have ended by what was done, e.g. leaving the organization; and it ends by itself.
      .catch(() => undefined);
  }
};

const actingAs = (miosa: Miosa, { user, tenant }: Identity): Acting => {
  if (user === null) throw new UserError('This credential is no session of a user.');
  return { miosa, userId: user.id, email: user.email, tenant };
};
