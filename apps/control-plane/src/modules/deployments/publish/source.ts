import { createHash } from 'node:crypto';
import { Fault } from '@miosa/kernel';
import { extract } from 'tar-stream';
import { Type } from 'typebox';
import { type AgentPool, callJson, callStream } from '../../sandboxes/index.ts';

const TREE_MS = 120_000;
const PACK_MS = 60_000;
/** More is streamed and not held in memory. */
const HELD_BYTES = 8 * 2 ** 20;

const AgentTree = Type.Object({
  root: Type.String(),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      sizeBytes: Type.Integer({ minimum: 0 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      mode: Type.String(),
    }),
  ),
  totalBytes: Type.Integer(),
});

export interface TreeFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly mode: string;
}

export interface Tree {
  readonly root: string;
  readonly files: readonly TreeFile[];
  readonly totalBytes: number;
}

interface ListOptions {
  readonly exclude?: readonly string[];
  readonly ignoreFile?: string;
  readonly unsuitable?: 'refuse' | 'skip';
  /** Default 100,000. */
  readonly maxFiles?: number;
  /** Default 8 GiB. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

/** Every file below a folder of a machine, by its hash. @throws VALIDATION_ERROR for links that lead out and special files. */
export const listTree = async (agent: AgentPool, root: string, { signal, ...options }: ListOptions): Promise<Tree> =>
  callJson(agent, { method: 'POST', path: '/files/manifest', json: { path: root, ...options }, timeoutMs: TREE_MS, signal }, AgentTree);

const changed = (path: string): Fault =>
  new Fault('CONFLICT', `${path} changed while it was published. Publish again when nothing writes to it.`, {
    details: { reason: 'changed', path },
  });

/** The bytes as they come; at the end they must have been those of the tree. */
async function* verified(file: TreeFile, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== file.sha256) throw changed(file.path);
}

/** Contents of these files in this order. A file that is not what the tree says ends it with CONFLICT. */
export async function* readFiles(
  agent: AgentPool,
  tree: Tree,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly path: string; readonly bytes: Buffer | AsyncIterable<Buffer> }> {
  if (paths.length === 0) return;
  const byPath = new Map(tree.files.map((file) => [file.path, file]));
  const call = { method: 'POST', path: '/files/pack', json: { path: tree.root, files: paths }, timeoutMs: PACK_MS, signal } as const;
  const answer = await callStream(agent, call);
  const unpacked = extract();
  answer.on('error', (error) => unpacked.destroy(error));
  answer.pipe(unpacked);
  let seen = 0;
  try {
    for await (const entry of unpacked) {
      const file = byPath.get(entry.header.name);
      if (file === undefined || file.path !== paths[seen] || entry.header.size !== file.sizeBytes) throw changed(entry.header.name);
      seen++;
      const chunks = verified(file, entry as AsyncIterable<Buffer>);
      if (file.sizeBytes > HELD_BYTES) yield { path: file.path, bytes: chunks };
      else {
        const held: Buffer[] = [];
        for await (const chunk of chunks) held.push(chunk);
        yield { path: file.path, bytes: Buffer.concat(held, file.sizeBytes) };
      }
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw changed(paths[seen] ?? 'A file');
  } finally {
    answer.destroy();
  }
  if (seen !== paths.length) throw changed(paths[seen] ?? 'A file');
}
