import { defineRoute, type Route, sse } from '@miosa/http';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { Deleted, File, FileTree, Id, WriteManyResult } from '../schemas.ts';
import { confined } from './confine.ts';
import {
  changeFile,
  createFile,
  deleteFile,
  exportArchive,
  fileTree,
  importArchive,
  listFiles,
  readFile,
  statFile,
  writeFile,
  writeMany,
} from './service.ts';
import { watchFiles } from './watch.ts';

const READ = { scope: 'sandboxes:read', browser: 'sandbox:files' } as const;
const WRITE = { scope: 'sandboxes:write', browser: 'sandbox:files' } as const;
const READING = ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE', 'TIMEOUT'] as const;
const WRITING = [...READING, 'STORAGE_FULL', 'CONFLICT'] as const;
const MIB = 1024 * 1024;
const HOME = '/workspace';

const Path = Type.String({ minLength: 1, maxLength: 4096, description: 'absolute, or relative to /workspace' });
const Mode = Type.String({ pattern: '^[0-7]{3,4}$' });
const PathBody = Type.Object({ path: Path });

const readRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.files.list',
    method: 'GET',
    path: '/sandboxes/{id}/files',
    summary: 'List a folder',
    access: READ,
    params: Id,
    query: Type.Object({ path: Type.Optional(Path), depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })) }),
    response: File,
    envelope: 'list',
    errors: READING,
    handler: async (op, { params, query }) => {
      const listing = await listFiles(op, core, params.id, query.path ?? HOME, query.depth ?? 1);
      return { items: listing.entries, nextCursor: null, siblings: { path: listing.path } };
    },
  }),
  defineRoute({
    id: 'sandboxes.files.tree',
    method: 'GET',
    path: '/sandboxes/{id}/files/tree',
    summary: 'A folder as a tree',
    access: READ,
    params: Id,
    query: Type.Object({
      path: Type.Optional(Path),
      depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
      show_hidden: Type.Optional(Type.Boolean()),
    }),
    response: FileTree,
    errors: READING,
    handler: (op, { params, query }) =>
      fileTree(op, core, params.id, query.path ?? HOME, { depth: query.depth ?? 3, showHidden: query.show_hidden ?? false }),
  }),
  defineRoute({
    id: 'sandboxes.files.read',
    method: 'GET',
    path: '/sandboxes/{id}/files/content',
    summary: 'Read a file; HEAD, Range and If-None-Match work',
    access: READ,
    params: Id,
    query: PathBody,
    response: 'raw',
    errors: [...READING, 'RANGE_NOT_SATISFIABLE'],
    handler: (op, { params, query, headers }) => readFile(op, core, params.id, query.path, headers),
  }),
  defineRoute({
    id: 'sandboxes.files.get',
    method: 'GET',
    path: '/sandboxes/{id}/files/{path...}',
    summary: 'Read a file named in the path',
    access: READ,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), path: Path }),
    response: 'raw',
    errors: [...READING, 'RANGE_NOT_SATISFIABLE'],
    handler: (op, { params, headers }) => readFile(op, core, params.id, params.path, headers),
  }),
  defineRoute({
    id: 'sandboxes.files.stat',
    method: 'POST',
    path: '/sandboxes/{id}/files/stat',
    summary: 'Facts of a file',
    access: { ...READ, minRole: 'viewer' },
    params: Id,
    body: PathBody,
    response: File,
    errors: READING,
    handler: (op, { params, body }) => statFile(op, core, params.id, body.path),
  }),
  defineRoute({
    id: 'sandboxes.files.watch',
    method: 'GET',
    path: '/sandboxes/{id}/files/watch',
    summary: 'Follow the changes below a folder',
    description:
      'Events: created, modified, deleted, renamed with path, old_path, is_dir, size_bytes; overflow: some were lost, list again. ' +
      'Steps within 50 ms are one change: a file that is written beside another and renamed over it is modified. Links are not followed.',
    access: READ,
    params: Id,
    query: Type.Object({ path: Type.Optional(Path), recursive: Type.Optional(Type.Boolean()) }),
    response: 'sse',
    errors: READING,
    handler: async (op, { params, query }) =>
      sse(await watchFiles(op, core, params.id, { path: query.path ?? HOME, recursive: query.recursive ?? true })),
  }),
  defineRoute({
    id: 'sandboxes.files.archive.get',
    method: 'GET',
    path: '/sandboxes/{id}/files/archive',
    summary: 'A folder as tar.gz',
    access: READ,
    params: Id,
    query: Type.Object({ path: Type.Optional(Path), exclude: Type.Optional(Type.String({ maxLength: 4096 })) }),
    response: 'raw',
    errors: READING,
    handler: (op, { params, query }) => exportArchive(op, core, params.id, { path: query.path ?? HOME, exclude: query.exclude }),
  }),
];

const writeRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.files.write',
    method: 'PUT',
    path: '/sandboxes/{id}/files/content',
    summary: 'Write a file from the raw body',
    description: 'Parents are made; the file is replaced atomically. If-Match and If-None-Match: * are honoured. At most 1 GiB.',
    access: WRITE,
    params: Id,
    query: Type.Object({ path: Path, mode: Type.Optional(Mode) }),
    body: 'raw',
    response: File,
    errors: [...WRITING, 'PRECONDITION_FAILED'],
    handler: (op, { params, query, body, headers }) => writeFile(op, core, params.id, { ...query, body, headers }),
  }),
  defineRoute({
    id: 'sandboxes.files.create',
    method: 'POST',
    path: '/sandboxes/{id}/files',
    summary: 'Write a file from base64',
    access: WRITE,
    params: Id,
    body: Type.Object({ path: Path, content: Type.String(), mode: Type.Optional(Mode) }, { title: 'FileCreateRequest' }),
    bodyLimitBytes: 16 * MIB,
    response: File,
    status: 201,
    errors: WRITING,
    handler: (op, { params, body }) => createFile(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.files.writeMany',
    method: 'POST',
    path: '/sandboxes/{id}/files/write-many',
    summary: 'Write many files, each atomically',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        files: Type.Array(
          Type.Object({
            path: Path,
            content: Type.Optional(Type.String()),
            content_base64: Type.Optional(Type.String()),
            mode: Type.Optional(Mode),
          }),
          { minItems: 1, maxItems: 1000 },
        ),
      },
      { title: 'WriteManyRequest' },
    ),
    bodyLimitBytes: 32 * MIB,
    response: WriteManyResult,
    errors: WRITING,
    handler: (op, { params, body }) => writeMany(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.files.archive.set',
    method: 'PUT',
    path: '/sandboxes/{id}/files/archive',
    summary: 'Unpack a tar or tar.gz',
    description: 'Entries that are absolute or leave the folder, devices and links out refuse the whole archive. At most 2 GiB.',
    access: WRITE,
    params: Id,
    query: Type.Object({ path: Type.Optional(Path) }),
    body: 'raw',
    response: Type.Object({ files: Type.Integer(), size_bytes: Type.Integer() }, { title: 'ArchiveImport' }),
    errors: WRITING,
    handler: (op, { params, query, body, headers }) => importArchive(op, core, params.id, query.path ?? HOME, body, headers),
  }),
];

const changeRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.files.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/files/content',
    summary: 'Delete a file or folder',
    access: WRITE,
    params: Id,
    query: Type.Object({ path: Path, recursive: Type.Optional(Type.Boolean()) }),
    response: Deleted,
    errors: [...READING, 'NOT_EMPTY'],
    handler: async (op, { params, query }) => {
      await deleteFile(op, core, params.id, query.path, query.recursive ?? false);
      return { id: query.path, deleted: true as const };
    },
  }),
  defineRoute({
    id: 'sandboxes.files.mkdir',
    method: 'POST',
    path: '/sandboxes/{id}/files/mkdir',
    summary: 'Make a folder',
    access: WRITE,
    params: Id,
    body: Type.Object({ path: Path, recursive: Type.Optional(Type.Boolean()), mode: Type.Optional(Mode) }, { title: 'MkdirRequest' }),
    response: File,
    errors: WRITING,
    handler: (op, { params, body }) =>
      changeFile(op, core, params.id, 'mkdir', { path: body.path, recursive: body.recursive ?? true, mode: body.mode ?? '0755' }),
  }),
  defineRoute({
    id: 'sandboxes.files.rename',
    method: 'POST',
    path: '/sandboxes/{id}/files/rename',
    summary: 'Rename or move',
    access: WRITE,
    params: Id,
    body: Type.Object({ from: Path, to: Path, overwrite: Type.Optional(Type.Boolean()) }, { title: 'RenameRequest' }),
    response: File,
    errors: WRITING,
    handler: (op, { params, body }) =>
      changeFile(op, core, params.id, 'rename', { from: body.from, to: body.to, overwrite: body.overwrite ?? false }),
  }),
  defineRoute({
    id: 'sandboxes.files.copy',
    method: 'POST',
    path: '/sandboxes/{id}/files/copy',
    summary: 'Copy',
    access: WRITE,
    params: Id,
    body: Type.Object(
      { from: Path, to: Path, overwrite: Type.Optional(Type.Boolean()), recursive: Type.Optional(Type.Boolean()) },
      { title: 'CopyRequest' },
    ),
    response: File,
    errors: WRITING,
    handler: (op, { params, body }) => {
      const { from, to, overwrite = false, recursive = true } = body;
      return changeFile(op, core, params.id, 'copy', { from, to, overwrite, recursive });
    },
  }),
  defineRoute({
    id: 'sandboxes.files.chmod',
    method: 'POST',
    path: '/sandboxes/{id}/files/chmod',
    summary: 'Change the mode',
    access: WRITE,
    params: Id,
    body: Type.Object({ path: Path, mode: Mode, recursive: Type.Optional(Type.Boolean()) }, { title: 'ChmodRequest' }),
    response: File,
    errors: WRITING,
    handler: (op, { params, body }) =>
      changeFile(op, core, params.id, 'chmod', { path: body.path, mode: body.mode, recursive: body.recursive ?? false }),
  }),
];

export const createFileRoutes = (core: Core): Route[] => [...readRoutes(core), ...writeRoutes(core), ...changeRoutes(core)].map(confined);
