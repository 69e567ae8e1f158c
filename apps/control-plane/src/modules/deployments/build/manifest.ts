import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { type AgentPool, callJson } from '../../sandboxes/index.ts';
import { WORKSPACE } from './tree.ts';

const MANIFEST_MS = 300_000;
/** A project with all that it has installed; the disk of a builder ends it sooner. */
const MAX_FILES = 400_000;
const MAX_BYTES = 64 * 2 ** 30;

const Manifest = Type.Object({
  files: Type.Union([
    Type.Null(),
    Type.Array(Type.Object({ path: Type.String(), mode: Type.String(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) })),
  ]),
  totalBytes: Type.Number({ minimum: 0 }),
});

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
  const json = { path: WORKSPACE, unsuitable: 'skip', maxFiles: MAX_FILES, maxBytes: MAX_BYTES, ...(what === 'source' ? NOT_SOURCE : {}) };
  const call = { method: 'POST', path: '/files/manifest', json, timeoutMs: MANIFEST_MS, signal } as const;
  const { files: listed, totalBytes } = await callJson(agent, call, Manifest);
  const files = listed ?? [];
  const hash = createHash('sha256');
  for (const { path, mode, sha256 } of files) hash.update(`${JSON.stringify([path, mode, sha256])}\n`);
  return { sha256: hash.digest('hex'), files: files.length, totalBytes };
};
