import { Fault, invalid, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { rollOut } from '../instances/rollout.ts';
import type { DeploymentRow } from '../types.ts';
import { keepRelease, type Produced, succeed } from './ending.ts';
import { folderOfSandbox, folderOfUpload } from './folders.ts';
import { type SiteSource, storeStatic } from './static.ts';
import type { Job } from './worker.ts';

const ENTRYPOINT = 'index.html';

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

const makeProduct = async (op: Op, core: Core, job: Job): Promise<Produced> => {
  const { source, request } = job.version;
  const entrypoint = request.entrypoint ?? ENTRYPOINT;
  if (source.type === 'sandbox') {
    const site = await folderOfSandbox(op, core, source.sandbox_id, request.output_path, entrypoint);
    return staticOf(core, job, site, entrypoint);
  }
  if (source.type === 'upload') {
    const site = folderOfUpload(core, job.deployment.tenant_id, source.files, request.output_path, entrypoint);
    return staticOf(core, job, site, entrypoint);
  }
  throw new Fault('UNAVAILABLE', `Publishing from a ${source.type} is not there yet.`);
};

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
