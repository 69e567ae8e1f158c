import { notFound, type Op } from '@miosa/kernel';
import { visibilityOf } from '../../sandboxes/index.ts';
import type { Core } from '../deps.ts';
import { findVisible } from '../store.ts';
import type { DeploymentRow } from '../types.ts';

/** By id or slug. @throws 404 for what the caller cannot see, whether or not it exists. */
export const getDeployment = async (op: Op, core: Pick<Core, 'db' | 'tenancy'>, name: string): Promise<DeploymentRow> => {
  const row = await findVisible(core.db.read, await visibilityOf(op, core), name);
  if (row === undefined) throw notFound();
  return row;
};
