import type { Payload } from '../fetch.ts';
import type { List } from '../page.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Item, Query } from '../wire.ts';
import { type FileWatch, type WatchOptions, watchFiles } from './watch.ts';

export type SandboxFile = Item<'sandboxes.files.list'>;

export interface WriteOptions extends CallOptions {
  /** Octal, e.g. `0755`. Default `0644`. */
  readonly mode?: string;
  /** Write only over this version (an ETag) … */
  readonly ifMatch?: string;
  /** … or, with `*`, only when there is no such file. */
  readonly ifNoneMatch?: string;
}

/** An archive of up to 2 GiB may take far longer than a call's usual limit. */
const ARCHIVE_TIME_MS = 600_000;

const conditions = (options: WriteOptions): Record<string, string> => ({
  ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
  ...(options.ifNoneMatch === undefined ? {} : { 'if-none-match': options.ifNoneMatch }),
});

/** The bytes of a file. */
const contentApi = (t: Transport) => {
  const at = (id: string, file: string, options?: CallOptions) =>
    ({ method: 'GET', path: path`/sandboxes/${id}/files/content`, query: { path: file }, options }) as const;
  return {
    read: (id: string, file: string, options?: CallOptions): Promise<Uint8Array<ArrayBuffer>> => t.bytes(at(id, file, options)),
    readText: async (id: string, file: string, options?: CallOptions): Promise<string> =>
      new TextDecoder().decode(await t.bytes(at(id, file, options))),
    /** The bytes as they come, in constant memory. */
    readStream: async (id: string, file: string, options?: CallOptions): Promise<ReadableStream<Uint8Array>> =>
      streamOf(await t.response(at(id, file, options))),
    /** Creates or replaces a file, atomically; missing folders are made. */
    write: (id: string, file: string, content: Payload, options: WriteOptions = {}): Promise<Data<'sandboxes.files.write'>> =>
      t.data({
        method: 'PUT',
        path: path`/sandboxes/${id}/files/content`,
        query: { path: file, mode: options.mode },
        payload: content,
        headers: { 'content-type': 'application/octet-stream', ...conditions(options) },
        options,
      }),
    delete: (
      id: string,
      file: string,
      query?: { readonly recursive?: boolean },
      options?: CallOptions,
    ): Promise<Data<'sandboxes.files.delete'>> =>
      t.data({ method: 'DELETE', path: path`/sandboxes/${id}/files/content`, query: { ...query, path: file }, options }),
  };
};

/** Names, folders and rights. */
const treeApi = (t: Transport) => {
  const post =
    <Request, Answer>(verb: string) =>
    (id: string, body: Request, options?: CallOptions): Promise<Answer> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/files/${verb}`, body, options });
  return {
    /** A folder's entries in name order, down to `depth` (default 1). */
    list: (id: string, folder?: string, query?: Omit<Query<'sandboxes.files.list'>, 'path'>, options?: CallOptions): List<SandboxFile> =>
      t.list(path`/sandboxes/${id}/files`, { ...query, path: folder }, options),
    /** A folder with what is in it, nested. */
    tree: (
      id: string,
      folder?: string,
      query?: Omit<Query<'sandboxes.files.tree'>, 'path'>,
      options?: CallOptions,
    ): Promise<Data<'sandboxes.files.tree'>> =>
      t.data({ method: 'GET', path: path`/sandboxes/${id}/files/tree`, query: { ...query, path: folder }, options }),
    stat: (id: string, file: string, options?: CallOptions): Promise<SandboxFile> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/files/stat`, body: { path: file }, options }),
    mkdir: (id: string, folder: string, body?: Omit<Body<'sandboxes.files.mkdir'>, 'path'>, options?: CallOptions): Promise<SandboxFile> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/files/mkdir`, body: { ...body, path: folder }, options }),
    rename: post<Body<'sandboxes.files.rename'>, SandboxFile>('rename'),
    copy: post<Body<'sandboxes.files.copy'>, SandboxFile>('copy'),
    chmod: post<Body<'sandboxes.files.chmod'>, SandboxFile>('chmod'),
    /** Up to 1000 files and 32 MiB in one call; each file for itself is written whole or not at all. */
    writeMany: (
      id: string,
      files: Body<'sandboxes.files.writeMany'>['files'],
      options?: CallOptions,
    ): Promise<Data<'sandboxes.files.writeMany'>> =>
      t.data({ method: 'POST', path: path`/sandboxes/${id}/files/write-many`, body: { files }, options }),
  };
};

const archiveApi = (t: Transport) => ({
  /** A folder as a tar.gz stream. */
  get: async (
    id: string,
    folder?: string,
    query?: { readonly exclude?: string },
    options?: CallOptions,
  ): Promise<ReadableStream<Uint8Array>> =>
    streamOf(await t.response({ method: 'GET', path: path`/sandboxes/${id}/files/archive`, query: { ...query, path: folder }, options })),
  /** Unpacks a tar or tar.gz (≤ 2 GiB) into a folder. */
  set: (id: string, archive: Payload, folder?: string, options?: CallOptions): Promise<Data<'sandboxes.files.archive.set'>> =>
    t.data({
      method: 'PUT',
      path: path`/sandboxes/${id}/files/archive`,
      query: { path: folder },
      payload: archive,
      headers: { 'content-type': 'application/x-tar' },
      options,
      serverTimeMs: ARCHIVE_TIME_MS,
    }),
});

/** Files of a sandbox. Paths are absolute or relative to `/workspace`. */
export const filesApi = (t: Transport) => ({
  ...contentApi(t),
  ...treeApi(t),
  archive: archiveApi(t),
  /** Follows the changes below a folder: `for await (const change of sandbox.files.watch('src'))`. */
  watch: (id: string, folder?: string, options?: WatchOptions): FileWatch => watchFiles(t, id, folder, options),
});

const streamOf = (response: { readonly body: ReadableStream<Uint8Array> | null }): ReadableStream<Uint8Array> =>
  response.body ?? new ReadableStream({ start: (controller) => controller.close() });
