import type { Database } from '@miosa/db';
import type { Route } from '@miosa/http';
import type { Log } from '@miosa/kernel';
import type { Tenancy } from '../tenancy/index.ts';
import { accountRoutes } from './account.routes.ts';
import { authRoutes } from './auth.routes.ts';
import { createAuthenticator } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { createBrowserSlot } from './browser-credentials.ts';
import type { Core } from './core.ts';
import { purgeDeviceLogins } from './device-logins.store.ts';
import { createExpiry } from './expiry.ts';
import { createTokens } from './jwt.ts';
import { createKeyVerifier } from './key-verifier.ts';
import { keyRoutes } from './keys.routes.ts';
import { createLastUsed } from './last-used.ts';
import { createLiveness } from './liveness.ts';
import { createOutgoing, type Outgoing } from './outgoing.ts';
import { createPasswords } from './passwords.ts';
import { purgeResets } from './resets.store.ts';
import { createWatch } from './watch.ts';

export type { CredentialReference } from './authenticate.ts';
export { authorize } from './authorize.ts';
export type { BrowserCredentials } from './browser-credentials.ts';
export { revokeKeysOfMember } from './keys.manage.ts';
export { revokeKeysOf } from './keys.store.ts';
export { asUser, openSession } from './login.ts';
export { createLookup } from './lookup.ts';
export { type Minter, type MinterNow, mintersNow } from './minters.store.ts';
export { createOperatorKeys, type OperatorKeys } from './operator-keys.ts';
export { createOutgoing, type Outgoing } from './outgoing.ts';
export { presentKey, presentMinted } from './present.ts';
export { limitsOf, ratesOf, ratesOfPlan } from './rates.ts';
export { ApiKey, ApiKeyWithSecret, LoginResult, NewEmail, NewPassword, OperatorKeyCreate, Success } from './schemas.ts';
export { covers, hasScope, SCOPES } from './scopes.ts';
export { endSessionsIn, endSessionsOf } from './sessions.store.ts';
export type * from './types.ts';
export { holdPassword, insertMember, insertUser, roleIn, roleUntilCommit, type UserRow, userByEmail, userById } from './users.store.ts';

/** Fired by the database for every change of a key; the payload is its id. */
const KEY_CHANNEL = 'miosa_keys';
/** Used and expired one-time tokens answer the same as unknown ones, so nothing is lost with them. */
const PURGE_AFTER_MS = 3600_000;

export interface AccessOptions {
  readonly db: Database;
  readonly tenancy: Tenancy;
  readonly log: Log;
  /** 64 random bytes in hex (`keys/jwt.secret`). */
  readonly jwtSecretHex: string;
  /** Secrets used before, whose tokens still count. */
  readonly earlierJwtSecretsHex?: readonly string[];
  /** Mail and other work after the answer. Default: nothing is sent. */
  readonly outgoing?: Outgoing;
  readonly nowMs?: () => number;
}

/** Credentials: who is asking, and may they? Works before `start`, without a cache. */
export const createAccess = ({
  db,
  tenancy,
  log,
  jwtSecretHex,
  earlierJwtSecretsHex,
  outgoing = createOutgoing(null, 'https://api.invalid', log),
  nowMs = Date.now,
}: AccessOptions) => {
  const tokens = createTokens(jwtSecretHex, earlierJwtSecretsHex);
  const browser = createBrowserSlot();
  const lastUsed = createLastUsed(db, log);
  const liveness = createLiveness(db, () => keys.forgetAll());
  const keys = createKeyVerifier(db, liveness, nowMs);
  const authenticator = createAuthenticator({ db, keys, tokens, lastUsed, browser, nowMs });
  const watch = createWatch(db, browser, log);
  const core: Core = { db, log, tenancy, tokens, passwords: createPasswords(nowMs), keys, authenticator, outgoing };
  const expiry = createExpiry(core, nowMs);
  let stop: (() => Promise<void>) | undefined;
  return {
    core,
    /** Listens for changes of keys; from then on known keys are answered from memory. */
    start: async (): Promise<void> => {
      stop = await db.listen(KEY_CHANNEL, keys.forget, keys.forgetAll);
      await liveness.start();
      expiry.start();
    },
    /** Tells of keys whose time is over; also done regularly once started. */
    tellExpired: expiry.pass,
    /** Removes what can no longer be used. */
    purge: async (): Promise<void> => {
      const before = new Date(nowMs() - PURGE_AFTER_MS);
      await Promise.all([purgeResets(db.read, before), purgeDeviceLogins(db.read, before)]);
    },
    close: async (): Promise<void> => {
      watch.close();
      await expiry.close();
      await outgoing.settled();
      await liveness.close();
      await stop?.();
      await lastUsed.flush();
    },
    authenticate: authenticator.authenticate,
    /** How browser tokens are judged, from now on. */
    acceptBrowserTokens: browser.register,
    resume: authenticator.resume,
    authorize,
    watchCredential: watch.watchCredential,
  };
};

export type Access = ReturnType<typeof createAccess>;

export const accessRoutes = ({ core }: Access): Route[] => [...authRoutes(core), ...accountRoutes(core), ...keyRoutes(core)];
