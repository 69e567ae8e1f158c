import { createHash } from 'node:crypto';
import type { AgentPool } from '../../sandboxes/index.ts';
import { listTree } from '../publish/source.ts';
import { WORKSPACE } from './tree.ts';

/** A project with all that it has installed; the disk of a builder ends it sooner. */
const MAX_FILES = 400_000;
const MAX_BYTES = 64 * 2 ** 30;

export interface Contents {
  /** Over paths, modes and contents of all files, in the order of the paths. */
  readonly sha256: string;
  readonly files: number;
  readonly totalBytes: number;
}

/** Contract 4.5, pipeline: of a source, these are no part. */
const NOT_SOURCE = { exclude: ['.git', 'node_modules', '.next/cache', '.cache'], ignoreFile: '.miosaignore' };

/** What /workspace holds, by hash: of a source without what its build makes and fetches, of a release all of it. */
export const contentsOf = async (agent: AgentPool, what: 'source' | 'release', signal: AbortSignal): Promise<Contents> => {
  const limits = { unsuitable: 'skip', maxFiles: MAX_FILES, maxBytes: MAX_BYTES } as const;
  const { files, totalBytes } = await listTree(agent, WORKSPACE, { ...limits, ...(what === 'source' ? NOT_SOURCE : {}), signal });
  const hash = createHash('sha256');
  for (const { path, mode, sha256 } of files) hash.update(`${JSON.stringify([path, mode, sha256])}\n`);
  return { sha256: hash.digest('hex'), files: files.length, totalBytes };
};
