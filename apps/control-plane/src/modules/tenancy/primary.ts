import type { Db } from '@miosa/db';
import { invalid } from '@miosa/kernel';
import type { Core } from './core.ts';
import type { ProjectRow } from './projects.store.ts';

type Chosen = Pick<ProjectRow, 'id' | 'primary_deployment_id'>;

/** The deployment that each project's own domain leads to (contract 4.6): the chosen one, else its oldest. */
export const primariesOf = async (core: Core, rows: readonly Chosen[], from: Db = core.db.read): Promise<ReadonlyMap<string, string>> => {
  const projects = rows.map(({ id, primary_deployment_id }) => ({ id, chosen: primary_deployment_id }));
  const deployments = core.dependents.find(({ kind }) => kind === 'deployments');
  return projects.length === 0 ? new Map() : ((await deployments?.primaryOf?.(from, projects)) ?? new Map());
};

/** @throws VALIDATION_ERROR, the same for what is not there, is deleted, or belongs elsewhere. */
export const checkPrimary = async (core: Core, from: Db, row: Chosen): Promise<void> => {
  if (row.primary_deployment_id === null) return;
  const primary = (await primariesOf(core, [row], from)).get(row.id);
  if (primary !== row.primary_deployment_id) throw invalid('primary_deployment_id', 'is no deployment of this project');
};
