import { posix } from 'node:path';
import { Fault, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { varsAt } from '../env/revisions.ts';
import type { BuildRequest, DeploymentRow } from '../types.ts';
import { chooseOutput, detect } from './detect/detect.ts';
import type { Plan, Tree, Wishes } from './detect/plan.ts';
import { type BuildLog, openBuildLog } from './log.ts';
import { contentsOf } from './manifest.ts';
import { type BuildJob, buildSizeOf, type Prepared, prepare } from './sources.ts';
import { buildInMachine } from './steps.ts';
import { outputFiles, WORKSPACE } from './tree.ts';

/** A source that is ready to become a release. */
export interface Built {
  readonly plan: Plan;
  /** Where the result lies. Null: in the source itself, a sandbox or an upload, which is published as it is. */
  readonly machineId: string | null;
  /** Static: the folder of the site in that machine, absolute. Null: still to be chosen in the source, by `plan.outputs`. */
  readonly folder: string | null;
  /** Null: nothing was copied, the source is the artifact. */
  readonly sourceSha256: string | null;
  readonly log: BuildLog;
}

/** Request first, then the deployment's settings; a request for a finished site is not answered with the deployment's server. */
export const wishesOf = (request: BuildRequest, deployment: Pick<DeploymentRow, 'build_command' | 'run_command' | 'port'>): Wishes => {
  const wantsSite = request.kind === 'static' || request.output_path !== undefined;
  return {
    kind: request.kind,
    outputPath: request.output_path,
    entrypoint: request.entrypoint,
    buildCommand: request.build_command ?? deployment.build_command,
    runCommand: request.run_command ?? (wantsSite ? null : deployment.run_command),
    port: request.port ?? deployment.port,
  };
};

/** A finished folder is named: nothing about the project matters. */
const isFinishedSite = ({ kind, outputPath, buildCommand, runCommand, entrypoint }: Wishes): boolean =>
  outputPath != null &&
  kind !== 'dynamic' &&
  buildCommand == null &&
  runCommand == null &&
  (entrypoint == null || /\.html?$/i.test(entrypoint));

const NOTHING: Tree = { files: [], texts: {} };

interface Making {
  readonly job: BuildJob;
  readonly prepared: Prepared;
  readonly log: BuildLog;
}

const make = async (op: Op, core: Core, { job, prepared, log }: Making): Promise<Built> => {
  const wishes = wishesOf(job.version.request, job.deployment);
  const plan = detect(isFinishedSite(wishes) ? NOTHING : await prepared.tree(), wishes);
  log.say(plan.reason);
  if (plan.kind === 'static' && plan.steps.length === 0 && prepared.isReadable)
    return { plan, machineId: null, folder: null, sourceSha256: null, log };
  const machineId = await prepared.machine();
  const agent = await core.machines.agent(op, machineId);
  const { sha256 } = await contentsOf(agent, 'source', op.signal);
  await buildInMachine(op, core, { machineId, plan, log, size: buildSizeOf(job.deployment) });
  log.begin('release');
  const folder = plan.kind === 'static' ? chooseOutput(await outputFiles(agent, plan.outputs, op.signal), plan) : null;
  if (folder !== null) log.say(`Publishing ${posix.join(WORKSPACE, folder)}`);
  return { plan, machineId, folder: folder === null ? null : posix.join(WORKSPACE, folder), sourceSha256: sha256, log };
};

const reasonFor = (core: Core, error: unknown): string => {
  if (core.stopping.aborted) return 'The platform was stopped while it built.';
  if (error instanceof Fault && error.code !== 'INTERNAL') return error.message;
  return 'The platform failed to carry out the build.';
};

/**
 * Builds what a job publishes and hands it to `use`, which makes the release of it: of a static site from `folder`, of a server with `releaseOf`.
 * The machine it was built in goes afterwards, whatever happened; the log says how it ended.
 */
export const withBuilt = async <T>(op: Op, core: Core, job: BuildJob, use: (built: Built) => Promise<T>): Promise<T> => {
  const log = openBuildLog(core, job.build.id);
  let prepared: Prepared | undefined;
  try {
    const vars = await varsAt(core, core.db.read, job.deployment.id, job.version.env_revision);
    log.hide(vars);
    prepared = prepare(op, core, { job, vars, log });
    const result = await use(await make(op, core, { job, prepared, log }));
    log.say('Done');
    return result;
  } catch (error) {
    if (!op.signal.aborted || core.stopping.aborted) log.say(reasonFor(core, error));
    throw error;
  } finally {
    await Promise.all([log.close(), prepared?.dispose()]);
  }
};
