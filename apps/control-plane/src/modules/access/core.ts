import type { Database } from '@miosa/db';
import type { Log } from '@miosa/kernel';
import type { Tenancy } from '../tenancy/index.ts';
import type { Authenticator } from './authenticate.ts';
import type { Tokens } from './jwt.ts';
import type { KeyVerifier } from './key-verifier.ts';
import type { Outgoing } from './outgoing.ts';
import type { Passwords } from './passwords.ts';

/** Shared by the functions of this module; made once by `createAccess`. */
export interface Core {
  readonly db: Database;
  readonly log: Log;
  readonly tenancy: Tenancy;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly keys: KeyVerifier;
  readonly authenticator: Authenticator;
  readonly outgoing: Outgoing;
}
