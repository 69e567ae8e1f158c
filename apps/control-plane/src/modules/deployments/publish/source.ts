import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '@miosa/kernel';
import { Type } from 'typebox';
import { type AgentPool, callJson, callStream } from '../../sandboxes/index.ts';
import { readTar, type TarFile } from '../archive/tar.ts';
import { TarError } from '../archive/tar-header.ts';

export interface TreeFile {
  /** Below the root. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Octal, such as `0644`. */
  readonly mode: string;
}

/** A folder of a machine as it was at one time. */
export interface Tree {
  readonly root: string;
  /** In the order of the bytes of their paths. */
  readonly files: readonly TreeFile[];
  readonly totalBytes: number;
  /** Entries left out because of `unsuitable: 'skip'`. */
  readonly skipped: number;
}

export interface TreeOptions {
  /** As of `GET /files/archive`: a name at any depth, or with a slash a path from the top. */
  readonly exclude?: readonly string[];
  /** A file at the top in the syntax of gitignore(5); it need not exist. */
  readonly ignoreFile?: string;
  readonly maxFiles?: number;
  readonly maxBytes?: number;
  /** Links that lead out of the folder or nowhere, devices, sockets and unreadable files: default `refuse`; `skip` leaves them out. */
  readonly unsuitable?: 'refuse' | 'skip';
  readonly signal?: AbortSignal;
}

const AgentTree = Type.Object({
  root: Type.String(),
  files: Type.Array(
    Type.Object({
      path: Type.String({ minLength: 1 }),
      sizeBytes: Type.Integer({ minimum: 0 }),
      mode: Type.String({ pattern: '^[0-7]{4}$' }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
  totalBytes: Type.Integer({ minimum: 0 }),
  skipped: Type.Integer({ minimum: 0 }),
});

/** Reading and hashing 10 GiB. */
const LIST_MS = 5 * 60_000;
const HEAD_MS = 60_000;
/** What is compressed or stored together comes whole. */
const WHOLE_BYTES = 16 * 2 ** 20;

const isBelow = (path: string): boolean => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const notUnderstood = (internal: string): Fault =>
  new Fault('UPSTREAM_UNREACHABLE', 'The agent inside the sandbox gave an answer that cannot be understood. Try again.', { internal });

const brokenConnection = (cause: unknown): Fault =>
  new Fault('UPSTREAM_UNREACHABLE', 'The connection to the sandbox broke while its files were read. Try again.', { cause });

const signalled = (signal: AbortSignal | undefined): { readonly signal?: AbortSignal } => (signal === undefined ? {} : { signal });

/** All files below a folder by their hashes. @throws NOT_FOUND, VALIDATION_ERROR naming what cannot be published, PAYLOAD_TOO_LARGE. */
export const listTree = async (agent: AgentPool, root: string, options: TreeOptions = {}): Promise<Tree> => {
  const { signal, ...rest } = options;
  const json = { path: root, ...rest };
  const tree = await callJson(
    agent,
    { method: 'POST', path: '/files/manifest', json, timeoutMs: LIST_MS, ...signalled(signal) },
    AgentTree,
  );
  if (!tree.files.every(({ path }) => isBelow(path)) || new Set(tree.files.map(({ path }) => path)).size < tree.files.length)
    throw notUnderstood('paths of a manifest');
  return tree;
};

const changed = (path: string, internal: string): Fault =>
  new Fault('CONFLICT', `${path} changed while it was published. Publish again once it is finished.`, {
    details: { reason: 'source_changed', path },
    internal,
  });

export interface ReadFile {
  readonly path: string;
  /** Whole when it is small; otherwise to be read before the next file is asked for. */
  readonly bytes: Buffer | AsyncIterable<Buffer>;
}

/** The content, which throws at its end when it is not the one listed. */
async function* verified(entry: TarFile, file: TreeFile): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256');
  for await (const piece of entry.content) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') !== file.sha256) throw changed(file.path, 'hash differs');
}

async function* filesOf(response: IncomingMessage, wanted: readonly TreeFile[]): AsyncGenerator<ReadFile, void, undefined> {
  let n = 0;
  for await (const entry of readTar(response)) {
    const file = wanted[n];
    n += 1;
    if (file === undefined || entry.name !== file.path || entry.type !== 'file') throw notUnderstood('entries of a pack');
    if (entry.sizeBytes !== file.sizeBytes) throw changed(file.path, 'size differs');
    const content = verified(entry, file);
    if (file.sizeBytes > WHOLE_BYTES) {
      yield { path: file.path, bytes: content };
      continue;
    }
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    yield { path: file.path, bytes: Buffer.concat(pieces) };
  }
  const missing = wanted[n];
  if (missing !== undefined) throw changed(missing.path, 'missing in the pack');
}

/** What the agent says behind a pack that it broke off. */
const brokenOff = (response: IncomingMessage): string | undefined => {
  const trailer = response.trailers['miosa-fault'];
  if (typeof trailer !== 'string') return undefined;
  try {
    return String(JSON.parse(decodeURIComponent(trailer)).message).slice(0, 200);
  } catch {
    return 'unreadable';
  }
};

/**
 * Contents of files of a tree, in the order asked for, each verified: what is not what was listed is a CONFLICT, and the caller lists again. Ends
 * the exchange with the agent when the loop over it ends.
 */
export async function* readFiles(
  agent: AgentPool,
  tree: Tree,
  paths: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<ReadFile, void, undefined> {
  if (paths.length === 0) return;
  const byPath = new Map(tree.files.map((file) => [file.path, file]));
  const wanted = paths.map((path) => {
    const file = byPath.get(path);
    if (file === undefined) throw invalid('path', `${path} is not in the folder`);
    return file;
  });
  const json = { path: tree.root, files: paths };
  const response = await callStream(agent, { method: 'POST', path: '/files/pack', json, timeoutMs: HEAD_MS, ...signalled(signal) });
  const cut = (): void => {
    response.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  signal?.addEventListener('abort', cut, { once: true });
  try {
    if (signal?.aborted === true) cut();
    yield* filesOf(response, wanted);
  } catch (error) {
    if (error instanceof Fault) throw error;
    signal?.throwIfAborted();
    if (!(error instanceof TarError)) throw brokenConnection(error);
    const why = brokenOff(response);
    throw why === undefined ? notUnderstood(error.message) : changed(tree.root, why);
  } finally {
    signal?.removeEventListener('abort', cut);
    response.destroy();
  }
}

const Stat = Type.Object({ type: Type.Union([Type.Literal('file'), Type.Literal('dir'), Type.Literal('symlink')]) });

/** What is at a path, behind links; null when nothing is. */
export const statPath = async (agent: AgentPool, path: string, signal?: AbortSignal): Promise<'file' | 'dir' | null> => {
  const ask = { method: 'GET', query: { path }, timeoutMs: HEAD_MS, ...signalled(signal) } as const;
  try {
    const { type } = await callJson(agent, { ...ask, path: '/files/stat' }, Stat);
    if (type !== 'symlink') return type;
    (await callStream(agent, { ...ask, path: '/files/content' })).destroy();
    return 'file';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'CONFLICT') return 'dir';
    if (error.code === 'NOT_FOUND' && error.details?.reason !== 'agent_too_old') return null;
    throw error;
  }
};
