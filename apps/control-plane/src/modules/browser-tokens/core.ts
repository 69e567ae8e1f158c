import type { Database } from '@miosa/db';
import type { Log, Op } from '@miosa/kernel';
import type { Access } from '../access/index.ts';
import type { Tenancy } from '../tenancy/index.ts';
import type { Judge } from './judge.ts';
import type { Origins } from './origins.ts';

/** A sandbox as the narrowest boundary there is; what this module needs of the one that owns sandboxes. */
export interface SandboxBoundaries {
  /** 404 when the caller cannot see it, 410 when it is destroyed. */
  find(op: Op, id: string): Promise<{ readonly id: string; readonly workspaceId: string; readonly projectId: string }>;
  /** Of these, the ones that are not destroyed. */
  living(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Ed25519: the private key that signs (PKCS8 PEM), and every public key whose signatures count. */
export interface SigningKeys {
  readonly privateKeyPem: string;
  readonly publicKeys: readonly string[];
}

export interface BrowserTokensDeps {
  readonly db: Database;
  readonly tenancy: Tenancy;
  readonly access: Access;
  readonly sandboxes: SandboxBoundaries;
  /** Asked for every token, so that keys can change while the process runs. */
  readonly signingKeys: () => SigningKeys;
  readonly log: Log;
  readonly nowMs?: () => number;
}

/** Shared by the functions of this module; made once by `createBrowserTokens`. */
export interface Core extends BrowserTokensDeps {
  readonly judge: Judge;
  readonly origins: Origins;
  readonly nowMs: () => number;
}
