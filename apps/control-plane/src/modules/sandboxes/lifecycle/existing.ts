import type { Db, Tx } from '@miosa/db';
import { invalid, type Op } from '@miosa/kernel';
import type { Ownership } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { findByName, holdName } from '../store.ts';
import type { SandboxRow } from '../types.ts';
import { visibilityOf } from '../visibility.ts';

/** Of a create with `get_or_create`. */
export interface Named {
  readonly name: string;
  find(db: Db): Promise<SandboxRow | undefined>;
  /** As `find`, with nobody else between it and the end of the transaction. */
  findAlone(tx: Tx): Promise<SandboxRow | undefined>;
}

/**
 * The living sandbox of that name in the project, among those the caller sees. The oldest, should plain creates have made several. One that
 * never started does not count.
 */
export const namedIn = async (op: Op, core: Core, ownership: Ownership, name: string | undefined): Promise<Named> => {
  if (name === undefined) throw invalid('name', 'needed with get_or_create');
  const who = await visibilityOf(op, core);
  const find = (db: Db) => findByName(db, who, ownership.projectId, name);
  return {
    name,
    find,
    findAlone: async (tx) => {
      await holdName(tx, ownership.projectId, name);
      return find(tx);
    },
  };
};
