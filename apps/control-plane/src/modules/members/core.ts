import type { Database } from '@miosa/db';
import type { Access } from '../access/index.ts';
import type { Tenancy } from '../tenancy/index.ts';
import type { Registration } from './types.ts';

export interface MembersDeps {
  readonly db: Database;
  readonly tenancy: Tenancy;
  readonly access: Access;
  readonly registration: Registration;
}

export type Core = MembersDeps;
