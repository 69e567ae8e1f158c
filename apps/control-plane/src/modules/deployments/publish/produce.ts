import { invalid, type Op } from '@miosa/kernel';
import { type Built, withBuilt } from '../build/build.ts';
import { releaseOf } from '../build/release.ts';
import type { Core } from '../deps.ts';
import { rollOut } from '../instances/rollout.ts';
import type { DeploymentRow } from '../types.ts';
import { keepRelease, type Produced, succeed } from './ending.ts';
import { folderOfSandbox, folderOfUpload } from './folders.ts';
import { type SiteSource, storeStatic } from './static.ts';
import type { Job } from './worker.ts';

const staticOf = async (core: Core, { deployment, signal }: Job, site: SiteSource, entrypoint: string): Promise<Produced> => {
  if (!site.files.some(({ path }) => path === entrypoint)) throw invalid('output_path', `there is no ${entrypoint} in it`);
  const stored = await storeStatic(core, deployment.tenant_id, site, signal);
  return {
    release: { kind: 'static', sha256: stored.sha256, sizeBytes: stored.totalBytes },
    version: {
      kind: 'static',
      files: stored.manifest.files.length,
      total_bytes: stored.totalBytes,
      entrypoint,
      run_command: null,
      port: null,
      health_check_path: null,
      source_sha256: stored.sha256,
      artifact_sha256: stored.sha256,
    },
  };
};

const rootfsOf = async (op: Op, core: Core, { deployment, version }: Job, built: Built): Promise<Produced> => {
  const { plan, sourceSha256 } = built;
  const release = await releaseOf(op, core, built);
  return {
    release: { kind: 'rootfs', sha256: release.sha256, sizeBytes: release.sizeBytes, snapshotId: release.snapshotId },
    version: {
      kind: 'dynamic',
      files: release.files,
      total_bytes: release.totalBytes,
      entrypoint: null,
      run_command: plan.runCommand,
      port: plan.port,
      health_check_path: version.request.health_check_path ?? deployment.health_check_path,
      source_sha256: sourceSha256,
      artifact_sha256: release.sha256,
    },
  };
};

/** Where the site lies: in the machine that built it, else where it was found. */
const siteOf = (op: Op, core: Core, { deployment, version }: Job, { plan, machineId, folder }: Built): SiteSource | Promise<SiteSource> => {
  const { source } = version;
  const candidates = { outputs: folder === null ? plan.outputs : [folder], entrypoint: plan.entrypoint };
  if (source.type === 'upload' && machineId === null) return folderOfUpload(core, deployment.tenant_id, source.files, candidates);
  const id = machineId ?? (source.type === 'sandbox' ? source.sandbox_id : null);
  if (id === null) throw new Error(`a ${source.type} is built in a machine`);
  return folderOfSandbox(op, core, id, candidates);
};

const makeProduct = (op: Op, core: Core, job: Job): Promise<Produced> =>
  withBuilt(op, core, job, async (built) => {
    if (built.plan.kind === 'dynamic') return rootfsOf(op, core, job, built);
    const made = await staticOf(core, job, await siteOf(op, core, job, built), built.plan.entrypoint);
    return { ...made, version: { ...made.version, source_sha256: built.sourceSha256 ?? made.version.source_sha256 } };
  });

/** From source to live: the release, its instances where it runs a server, the pointer. Each step leaves what was live as it was. */
export const produce = async (op: Op, core: Core, job: Job): Promise<DeploymentRow | undefined> => {
  const kept = await keepRelease(op, core, job.build, await makeProduct(op, core, job));
  if (kept === undefined) return undefined;
  const rollout = kept.version.kind === 'dynamic' && job.build.promote ? await rollOut(op, core, job.deployment, kept.version) : undefined;
  const shown = await succeed(op, core, job.build).catch(async (error: unknown) => {
    await rollout?.undo();
    throw error;
  });
  if (shown?.active_version_id === kept.version.id) await rollout?.settled();
  else await rollout?.undo();
  return shown;
};
