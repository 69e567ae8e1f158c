import { hostname } from 'node:os';
import type { Session } from '@miosa/sdk';
import { saveLogin } from './config.ts';
import { type Context, caOf, clientFor } from './context.ts';
import { UserError } from './failure.ts';

export interface KeyOptions {
  readonly keyType?: 'user' | 'live';
}

interface Kept {
  readonly apiKey: string;
  /** Of a key made for this login: `logout` revokes it. */
  readonly keyId?: string;
}

/** What this computer is called in lists of keys. */
export const clientName = (): string => `miosa CLI on ${hostname()}`.slice(0, 120);

/** A password is exchanged for a key at once: keys can be listed and revoked one by one, and do not end after a week. */
export const keyOfSession = async (
  { io, options, saved }: Context<KeyOptions>,
  session: Pick<Session, 'token' | 'refreshToken'>,
  tenant?: string,
): Promise<Kept> => {
  const user = clientFor(io, options, saved, session.token, tenant);
  const key = await user.apiKeys.create({ name: clientName(), keyType: options.keyType ?? 'user' });
  await user.auth.logout({ refreshToken: session.refreshToken });
  if (key.key === undefined || key.key === null)
    throw new UserError('The server made no key. Use "miosa login --api-key" with a key of yours.');
  return { apiKey: key.key, keyId: key.id };
};

/** Tried, then kept as the login of this computer. */
export const keepLogin = async ({ io, options, saved, output }: Context<object>, kept: Kept, tenant?: string): Promise<undefined> => {
  const miosa = clientFor(io, options, saved, kept.apiKey, tenant);
  const me = await miosa.auth.me();
  const ca = caOf(io, options, saved);
  const file = await saveLogin(io.configDir, { baseUrl: miosa.baseUrl, ...kept, ...(ca === undefined ? {} : { ca }) });
  output.result(
    { tenant: me.tenant, baseUrl: miosa.baseUrl },
    me.tenant.slug,
    `Logged in to ${me.tenant.name || me.tenant.slug} (${miosa.baseUrl}).`,
  );
  output.progress(`The key is kept in ${file}.`);
  for (const name of ['MIOSA_API_KEY', 'MIOSA_TENANT']) {
    if (io.env[name]) output.progress(`${name} is set and beats it: unset it to use this login.`);
  }
};
