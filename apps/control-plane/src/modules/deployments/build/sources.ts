import { newId, type Op, SIZES, type SizeName } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import type { KeptVar } from '../env/revisions.ts';
import { ownershipFor } from '../instances/context.ts';
import { setBuildMachine } from '../publish/builds.store.ts';
import type { DeploymentBuildRow, DeploymentRow, VersionRow } from '../types.ts';
import type { Tree } from './detect/plan.ts';
import type { BuildLog } from './log.ts';
import { fetchRepository, TOKEN_VARIABLE } from './repository.ts';
import { treeOf, treeOfUpload } from './tree.ts';
import { writeUpload } from './upload.ts';

export interface BuildJob {
  readonly deployment: DeploymentRow;
  readonly version: VersionRow;
  readonly build: DeploymentBuildRow;
}

/** A source, and a machine with its files as soon as one is needed. */
export interface Prepared {
  /** Whether its files can be published without a machine. */
  readonly isReadable: boolean;
  tree(): Promise<Tree>;
  /** The same one every time. */
  machine(): Promise<string>;
  dispose(): Promise<void>;
}

const TEMPLATE = 'miosa-sandbox';
/** Contract 4.5. */
const LEAST_SIZE: SizeName = 'medium';
/** Of the machine, should everything else fail to end it. */
const MACHINE_SEC = 30 * 60;

/** A deployment of a larger size is built with what it runs with. */
export const buildSizeOf = ({ size }: Pick<DeploymentRow, 'size'>): SizeName =>
  SIZES[size].memoryMiB > SIZES[LEAST_SIZE].memoryMiB ? size : LEAST_SIZE;

interface Preparing {
  readonly machineId: string;
  readonly job: BuildJob;
  readonly vars: readonly KeptVar[];
  readonly log: BuildLog;
}

type From = { readonly templateId: string } | { readonly snapshotId: string };

/** The token of the repository is for fetching it; what is built from it does not see it. */
const launch = async (op: Op, core: Core, { job, vars, machineId }: Preparing, from: From): Promise<void> => {
  await core.machines.launch(op, {
    id: machineId,
    purpose: 'build',
    ownership: await ownershipFor(core, job.deployment),
    from,
    name: `build of ${job.deployment.slug}`,
    size: buildSizeOf(job.deployment),
    vars: vars.filter(({ key }) => key !== TOKEN_VARIABLE),
    timeoutSec: MACHINE_SEC,
    test: job.deployment.test,
    alongside: (tx) => setBuildMachine(tx, job.build.id, machineId),
  });
};

type Start = (op: Op, core: Core, how: Preparing) => Promise<void>;

/** A copy of the sandbox's files as they are now; what it has installed need not be installed again. */
const copySandbox =
  (sandboxId: string): Start =>
  async (op, core, how) => {
    how.log.say('Copying the files of the sandbox');
    const snapshot = await core.machines.takeSnapshot(op, sandboxId);
    try {
      await launch(op, core, how, { snapshotId: snapshot.id });
    } finally {
      await core.machines.dropSnapshot(op, snapshot.id);
    }
  };

const copySnapshot =
  (snapshotId: string): Start =>
  async (op, core, how) => {
    await core.machines.sourceSnapshot(op, snapshotId); // the caller may see it
    await launch(op, core, how, { snapshotId });
  };

const startFor = ({ version, deployment, build }: BuildJob, vars: readonly KeptVar[]): Start => {
  const { source } = version;
  if (source.type === 'sandbox') return copySandbox(source.sandbox_id);
  if (source.type === 'snapshot') return copySnapshot(source.snapshot_id);
  return async (op, core, how) => {
    const { machineId } = how;
    await launch(op, core, how, { templateId: TEMPLATE });
    how.log.begin('source');
    if (source.type === 'upload') {
      how.log.say(`Writing ${source.files.length} files`);
      await writeUpload(op, core, machineId, deployment.tenant_id, source.files);
    } else {
      const token = vars.find(({ key }) => key === TOKEN_VARIABLE)?.value;
      await fetchRepository(op, core, { machineId, buildId: build.id, source, token, log: how.log });
    }
    how.log.begin('prepare');
  };
};

export const prepare = (op: Op, core: Core, asked: Omit<Preparing, 'machineId'>): Prepared => {
  const how: Preparing = { ...asked, machineId: newId('sbx', core.now().getTime()) };
  const { source } = how.job.version;
  let started: Promise<void> | undefined;
  const start = startFor(how.job, how.vars);
  const machine = async (): Promise<string> => {
    started ??= start(op, core, how);
    await started;
    return how.machineId;
  };
  const readable = source.type === 'sandbox' || source.type === 'upload';
  return {
    isReadable: readable,
    tree: async () => {
      if (source.type === 'upload') return treeOfUpload(core, how.job.deployment.tenant_id, source.files);
      const id = source.type === 'sandbox' ? source.sandbox_id : await machine();
      return treeOf(await core.machines.agent(op, id), op.signal);
    },
    machine,
    dispose: async () => {
      if (started === undefined) return;
      await started.catch(() => {}); // known to who waited for it; the machine may be there all the same
      await core.machines.destroy({ ...op, signal: new AbortController().signal }, how.machineId);
    },
  };
};
