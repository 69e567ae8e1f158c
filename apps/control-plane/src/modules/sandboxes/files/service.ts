import { Readable } from 'node:stream';
import { type RawResponse, raw } from '@miosa/http';
import { Fault, invalid, type Op } from '@miosa/kernel';
import type { Static, TSchema } from 'typebox';
import { type AgentRequest, callJson, callStream } from '../agent/client.ts';
import {
  AgentAnything,
  type AgentFile,
  AgentFile as AgentFileSchema,
  AgentListing,
  AgentUnpacked,
  AgentWritten,
} from '../agent/protocol.ts';
import { withAgent } from '../agent/with-agent.ts';
import type { Core } from '../deps.ts';
import { auditSandbox } from '../lifecycle/audit.ts';
import type { File, FileTree } from '../schemas.ts';
import { filesAt } from './confine.ts';

const SHORT_MS = 30_000;
/** A transfer has this long until the agent has taken all of it and answered. */
const TRANSFER_MS = 3600_000;

type Headers = Readonly<Record<string, string | undefined>>;
type Query = NonNullable<AgentRequest['query']>;

export const fileOf = (file: AgentFile): Static<typeof File> => ({
  path: file.path,
  name: file.name,
  type: file.type,
  size_bytes: file.sizeBytes,
  mode: file.mode,
  modified_at: new Date(file.modifiedAt).toISOString(),
  ...(file.symlinkTarget === undefined || file.symlinkTarget === null ? {} : { symlink_target: file.symlinkTarget }),
});

/** Conditional and range headers may reach the agent only as printable ASCII. */
const pick = (headers: Headers, names: readonly string[]): Record<string, string> => {
  const out: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value === undefined) continue;
    if (!/^[\x20-\x7e]{1,1024}$/.test(value)) throw new Fault('BAD_REQUEST', `The header ${name} is malformed.`);
    out[name] = value;
  }
  return out;
};

/** What of the agent's answer reaches the client. Nothing else: a sandbox must not set cookies or policies on the API host. */
const PASSED = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'] as const;

/** Bytes of a user never run as a page of the API host, whatever type they claim. */
const INERT = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cache-control': 'no-store',
};

type FilesPath = Parameters<typeof filesAt>[1];
type FilesRequest = { readonly path: FilesPath } & Pick<AgentRequest, 'query' | 'headers'>;

/** Bytes of the sandbox as they come, in constant memory. */
const download = (op: Op, core: Core, id: string, { path, ...request }: FilesRequest): Promise<RawResponse> =>
  withAgent(op, core, id, 'reading', async (pool) => {
    const answer = await callStream(pool, { method: 'GET', path: filesAt(op, path), ...request, timeoutMs: SHORT_MS, signal: op.signal });
    const headers: Record<string, string> = { ...INERT };
    for (const name of PASSED) {
      const value = answer.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    op.signal.addEventListener('abort', () => answer.destroy(), { once: true });
    return raw(answer, headers, answer.statusCode === 206 || answer.statusCode === 304 ? answer.statusCode : 200);
  });

export const readFile = (op: Op, core: Core, id: string, path: string, headers: Headers): Promise<RawResponse> =>
  download(op, core, id, { path: '/files/content', query: { path }, headers: pick(headers, ['range', 'if-none-match', 'if-range']) });

export const exportArchive = (op: Op, core: Core, id: string, query: Query): Promise<RawResponse> =>
  download(op, core, id, { path: '/files/archive', query });

const tooLarge = (limitBytes: number): Fault =>
  new Fault('PAYLOAD_TOO_LARGE', `The body may have at most ${limitBytes} bytes.`, { details: { limit_bytes: limitBytes } });

/**
 * Aborts once a body of undeclared length has too many bytes; then the upload fails and the agent keeps nothing of it. It listens beside the
 * pipe: a stream in between cost as much time as the rest of the way.
 */
const limited = (body: Readable, limitBytes: number): AbortSignal => {
  const exceeded = new AbortController();
  let seen = 0;
  body.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > limitBytes) exceeded.abort();
  });
  return exceeded.signal;
};

interface Upload<T extends TSchema> {
  readonly path: FilesPath;
  readonly query: Query;
  readonly action: string;
  readonly body: Readable;
  readonly headers: Headers;
  readonly limitBytes: number;
  readonly schema: T;
}

const upload = <T extends TSchema>(op: Op, core: Core, id: string, request: Upload<T>): Promise<Static<T>> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const { path, query, schema, limitBytes } = request;
    const declared = request.headers['content-length'];
    if (declared !== undefined && Number(declared) > limitBytes) throw tooLarge(limitBytes);
    const exceeded = limited(request.body, limitBytes);
    const headers = pick(request.headers, ['if-match', 'if-none-match', 'content-length']);
    const call = {
      method: 'PUT',
      path: filesAt(op, path),
      query,
      headers,
      body: request.body,
      timeoutMs: TRANSFER_MS,
      signal: AbortSignal.any([op.signal, exceeded]),
    } as const;
    try {
      const [result] = await Promise.all([callJson(pool, call, schema), auditSandbox(core.db.read, op, request.action, row)]);
      return result;
    } catch (error) {
      throw exceeded.aborted ? tooLarge(limitBytes) : error;
    }
  });

export const MAX_FILE_BYTES = 1024 ** 3;
export const MAX_ARCHIVE_BYTES = 2 * 1024 ** 3;

interface WriteRequest {
  readonly path: string;
  readonly mode?: string | undefined;
  readonly body: Readable;
  readonly headers: Headers;
}

export const writeFile = async (
  op: Op,
  core: Core,
  id: string,
  { path, mode, body, headers }: WriteRequest,
): Promise<Static<typeof File>> =>
  fileOf(
    await upload(op, core, id, {
      path: '/files/content',
      query: { path, mode },
      action: 'sandboxes.files.write',
      body,
      headers,
      limitBytes: MAX_FILE_BYTES,
      schema: AgentFileSchema,
    }),
  );

export const importArchive = async (op: Op, core: Core, id: string, path: string, body: Readable, headers: Headers) => {
  const result = await upload(op, core, id, {
    path: '/files/archive',
    query: { path },
    action: 'sandboxes.files.archive.set',
    body,
    headers: { 'content-length': headers['content-length'] },
    limitBytes: MAX_ARCHIVE_BYTES,
    schema: AgentUnpacked,
  });
  return { files: result.files, size_bytes: result.sizeBytes };
};

/** The whole file at once, from base64. */
export const createFile = (op: Op, core: Core, id: string, request: { path: string; content: string; mode?: string | undefined }) => {
  const bytes = Buffer.from(request.content, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== request.content.replace(/=+$/, '')) throw invalid('content', 'must be base64');
  const headers = { 'content-length': String(bytes.length) };
  return writeFile(op, core, id, { path: request.path, mode: request.mode, body: Readable.from([bytes]), headers });
};

const reading = (op: Op, path: FilesPath, query: Query) =>
  ({ method: 'GET', path: filesAt(op, path), query, timeoutMs: SHORT_MS, signal: op.signal }) as const;

export const listFiles = (
  op: Op,
  core: Core,
  id: string,
  path: string,
  depth: number,
): Promise<{ path: string; entries: Static<typeof File>[] }> =>
  withAgent(op, core, id, 'reading', async (pool) => {
    const listing = await callJson(pool, reading(op, '/files', { path, depth }), AgentListing);
    return { path: listing.path, entries: (listing.entries ?? []).map(fileOf) };
  });

export const statFile = (op: Op, core: Core, id: string, path: string): Promise<Static<typeof File>> =>
  withAgent(op, core, id, 'reading', async (pool) => fileOf(await callJson(pool, reading(op, '/files/stat', { path }), AgentFileSchema)));

type Tree = Static<typeof FileTree>;

/** The listing as a tree. Folders the listing did not enter have no children. */
export const fileTree = async (
  op: Op,
  core: Core,
  id: string,
  path: string,
  options: { depth: number; showHidden: boolean },
): Promise<Tree> => {
  const [root, listing] = await Promise.all([statFile(op, core, id, path), listFiles(op, core, id, path, options.depth)]);
  const top: Tree = { ...root, children: [] };
  const byPath = new Map<string, Tree>([[listing.path, top]]);
  const hidden = (entry: Static<typeof File>) =>
    !options.showHidden &&
    entry.path
      .slice(listing.path.length)
      .split('/')
      .some((part) => part.startsWith('.'));
  const shown = listing.entries.filter((entry) => !hidden(entry)).map((entry): Tree => ({ ...entry, children: [] }));
  for (const entry of shown) byPath.set(entry.path, entry);
  for (const entry of shown) byPath.get(entry.path.slice(0, entry.path.lastIndexOf('/')) || '/')?.children.push(entry);
  return top;
};

interface Change<T extends TSchema> {
  readonly action: string;
  readonly method: 'POST' | 'DELETE';
  readonly path: FilesPath;
  readonly query?: Query;
  readonly json?: unknown;
  readonly schema: T;
}

const change = <T extends TSchema>(op: Op, core: Core, id: string, { action, schema, path, ...request }: Change<T>): Promise<Static<T>> =>
  withAgent(op, core, id, 'activity', async (pool, row) => {
    const call = callJson(pool, { ...request, path: filesAt(op, path), timeoutMs: TRANSFER_MS / 6 }, schema);
    const [result] = await Promise.all([call, auditSandbox(core.db.read, op, action, row)]);
    return result;
  });

export const deleteFile = (op: Op, core: Core, id: string, path: string, recursive: boolean): Promise<unknown> =>
  change(op, core, id, {
    action: 'sandboxes.files.delete',
    method: 'DELETE',
    path: '/files/content',
    query: { path, recursive },
    schema: AgentAnything,
  });

/** mkdir, rename, copy, chmod: one file comes back. */
export const changeFile = async (op: Op, core: Core, id: string, verb: 'mkdir' | 'rename' | 'copy' | 'chmod', json: object) =>
  fileOf(
    await change(op, core, id, {
      action: `sandboxes.files.${verb}`,
      method: 'POST',
      path: `/files/${verb}`,
      json,
      schema: AgentFileSchema,
    }),
  );

export interface ManyFiles {
  readonly files: readonly { path: string; content?: string | undefined; content_base64?: string | undefined; mode?: string | undefined }[];
}

export const writeMany = async (op: Op, core: Core, id: string, { files }: ManyFiles) => {
  const bad = files.findIndex((file) => (file.content === undefined) === (file.content_base64 === undefined));
  if (bad !== -1) throw invalid(`files[${bad}]`, 'give exactly one of content and content_base64');
  const json = { files: files.map(({ path, content, content_base64, mode }) => ({ path, content, contentBase64: content_base64, mode })) };
  const result = await change(op, core, id, {
    action: 'sandboxes.files.writeMany',
    method: 'POST',
    path: '/files/write-many',
    json,
    schema: AgentWritten,
  });
  const written = (result.written ?? []).map(({ path, sizeBytes }) => ({ path, size_bytes: sizeBytes }));
  return { written, failed: result.failed ?? [] };
};
