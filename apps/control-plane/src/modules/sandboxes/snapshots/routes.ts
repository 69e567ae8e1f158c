import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route, withStatus } from '@miosa/http';
import { notFound, type Op } from '@miosa/kernel';
import { type Static, Type } from 'typebox';
import { ExternalId, Metadata, Name, OWNED_FILTERS } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { renderSandbox, sandboxOf } from '../render.ts';
import { Deleted, Id, nullable, oneOf, Sandbox, Snapshot, SnapshotIds } from '../schemas.ts';
import { forkSandbox, restoreAsNew, restoreInPlace } from './fork.ts';
import { renderSnapshots } from './render.ts';
import { deleteSnapshot, getSnapshot, listSnapshots, takeSnapshot } from './service.ts';
import type { SnapshotRow } from './store.ts';

const READ = { scope: 'sandboxes:read' } as const;
const WRITE = { scope: 'sandboxes:write' } as const;
/** Ten years: beyond any use; `keep` has no end. */
const MAX_RETENTION_SEC = 10 * 365 * 86_400;
const MIN_RETENTION_SEC = 60;
const USING = [
  'SNAPSHOT_NOT_READY',
  'STORAGE_FULL',
  'SANDBOX_NOT_RUNNING',
  'SETUP_REQUIRED',
  'QUOTA_EXCEEDED',
  'GONE',
  'UPSTREAM_UNREACHABLE',
] as const;

const one = async (op: Op, core: Core, row: SnapshotRow): Promise<Static<typeof Snapshot>> => {
  const [shown] = await renderSnapshots(op, core, [row]);
  if (shown === undefined) throw notFound();
  return shown;
};

const snapshotRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.snapshots.create',
    method: 'POST',
    path: '/sandboxes/{id}/snapshots',
    summary: 'Keep the files of a sandbox as they are now',
    description: 'From running or paused, which it stays; a running one is frozen for milliseconds.',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        comment: Type.Optional(Type.String({ maxLength: 1000 })),
        keep: Type.Optional(Type.Boolean({ description: 'never expires' })),
        retention_seconds: Type.Optional(
          Type.Integer({ minimum: MIN_RETENTION_SEC, maximum: MAX_RETENTION_SEC, description: 'default 2592000' }),
        ),
        wait: Type.Optional(Type.Boolean()),
        wait_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 120 })),
      },
      { title: 'SnapshotCreateRequest' },
    ),
    response: Snapshot,
    status: 201,
    errors: ['STORAGE_FULL', 'SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, body }) => one(op, core, await takeSnapshot(op, core, params.id, body)),
  }),
  defineRoute({
    id: 'sandboxes.snapshots.list',
    method: 'GET',
    path: '/sandboxes/{id}/snapshots',
    summary: 'List snapshots, newest first',
    description: 'Also those of a destroyed sandbox. Deleted ones only with state=deleted.',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY, ...OWNED_FILTERS }),
    response: Snapshot,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor, ...filters } }) => {
      const page = { after: positionOf(cursor), limit: limit + 1 };
      const rows = await listSnapshots(op, core, params.id, filters, page);
      const { nextCursor } = pageOf(
        rows,
        limit,
        (row) => ({ at: row.created_at.toISOString(), id: row.id }),
        (row) => row,
      );
      return { items: await renderSnapshots(op, core, rows.slice(0, limit)), nextCursor };
    },
  }),
  defineRoute({
    id: 'sandboxes.snapshots.get',
    method: 'GET',
    path: '/sandboxes/{id}/snapshots/{snapshot_id}',
    summary: 'Get a snapshot',
    access: READ,
    params: SnapshotIds,
    response: Snapshot,
    handler: async (op, { params }) => one(op, core, await getSnapshot(op, core, params.id, params.snapshot_id)),
  }),
  defineRoute({
    id: 'sandboxes.snapshots.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/snapshots/{snapshot_id}',
    summary: 'Delete a snapshot; sandboxes made from it keep their files',
    access: WRITE,
    params: SnapshotIds,
    response: Deleted,
    errors: ['IN_USE'],
    handler: async (op, { params }) => {
      await deleteSnapshot(op, core, params.id, params.snapshot_id);
      return { id: params.snapshot_id, deleted: true as const };
    },
  }),
];

export const createSnapshotRoutes = (core: Core): Route[] => [
  ...snapshotRoutes(core),
  defineRoute({
    id: 'sandboxes.fork',
    method: 'POST',
    path: '/sandboxes/{id}/fork',
    summary: 'A new sandbox with the files of this one',
    description: 'Of now, or of a snapshot; with its environment, and with slug, ids and entropy of its own.',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        snapshot_id: Type.Optional(nullable(Type.String({ maxLength: 64 }))),
        name: Type.Optional(Name),
        timeout_sec: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400, description: 'seconds' })),
        persistent: Type.Optional(Type.Boolean()),
        metadata: Type.Optional(Metadata),
        external_user_id: Type.Optional(nullable(ExternalId)),
      },
      { title: 'SandboxForkRequest' },
    ),
    response: Sandbox,
    status: 201,
    errors: USING,
    handler: async (op, { params, body }) => {
      const { row, ownership } = await forkSandbox(op, core, params.id, body);
      return sandboxOf(core, row, ownership, 0);
    },
  }),
  defineRoute({
    id: 'sandboxes.restore',
    method: 'POST',
    path: '/sandboxes/{id}/restore/{snapshot_id}',
    summary: 'A new sandbox with the files of a snapshot, or the same one with them (`in_place`)',
    description: '`in_place` ends what runs inside, replaces all files and boots again; it answers 200.',
    access: WRITE,
    params: SnapshotIds,
    body: Type.Object({ mode: Type.Optional(oneOf(['new', 'in_place'])), name: Type.Optional(Name) }, { title: 'SandboxRestoreRequest' }),
    response: Sandbox,
    status: 201,
    errors: USING,
    handler: async (op, { params, body }) => {
      if (body.mode === 'in_place')
        return withStatus(200, await renderSandbox(op, core, await restoreInPlace(op, core, params.id, params.snapshot_id)));
      const { row, ownership } = await restoreAsNew(op, core, params.id, params.snapshot_id, body.name);
      return sandboxOf(core, row, ownership, 0);
    },
  }),
];
