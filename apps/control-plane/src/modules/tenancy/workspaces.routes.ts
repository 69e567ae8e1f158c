import { defineRoute, PAGE_QUERY, positionOf, type Route, withStatus } from '@miosa/http';
import type { Op } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from './core.ts';
import { workspaceStats } from './counts.ts';
import { deleteWorkspace } from './deletion.ts';
import { Uuid } from './fields.ts';
import { pageOfPresented } from './paging.ts';
import { presentWorkspaces, single, type WorkspaceWire } from './present.ts';
import { Deleted, Settings, Workspace, WorkspaceChange, WorkspaceCreate, WorkspaceStats } from './schemas.ts';
import type { WorkspaceRow } from './workspaces.store.ts';
import { changeWorkspace, createWorkspace, getWorkspace, pageOfWorkspaces, setWorkspaceSettings } from './workspaces.ts';

const params = Type.Object({ id: Uuid });
const read = { scope: 'workspaces:read' } as const;
const write = { scope: 'workspaces:write' } as const;
const filter = () => Type.Optional(Type.String({ maxLength: 255 }));

const query = Type.Object({ ...PAGE_QUERY, name: filter(), slug: filter(), external_workspace_id: filter() });

export const workspaceRoutes = (core: Core): Route[] => {
  const show = async (row: WorkspaceRow): Promise<WorkspaceWire> => single(await presentWorkspaces(core, [row]));
  return [
    defineRoute({
      id: 'workspaces.list',
      method: 'GET',
      path: '/workspaces',
      summary: 'Workspaces, newest first',
      access: read,
      query,
      response: Workspace,
      envelope: 'list',
      handler: async (op, { query: { limit, cursor, ...filters } }) => {
        const rows = await pageOfWorkspaces(op, core, filters, { after: positionOf(cursor), limit: limit + 1 });
        return pageOfPresented(rows, limit, (shown) => presentWorkspaces(core, shown));
      },
    }),
    defineRoute({
      id: 'workspaces.create',
      method: 'POST',
      path: '/workspaces',
      summary: 'Create a workspace for a downstream customer',
      description: 'A known external_workspace_id answers 200 with the workspace it is linked to.',
      access: { ...write, minRole: 'admin' },
      body: WorkspaceCreate,
      response: Workspace,
      status: 201,
      errors: ['SLUG_TAKEN', 'SETUP_REQUIRED'],
      handler: async (op, { body }) => {
        const { row, created } = await createWorkspace(op, core, body);
        return withStatus(created ? 201 : 200, await show(row));
      },
    }),
    defineRoute({
      id: 'workspaces.get',
      method: 'GET',
      path: '/workspaces/{id}',
      summary: 'One workspace',
      access: read,
      params,
      response: Workspace,
      handler: async (op, request) => show(await getWorkspace(op, core, request.params.id)),
    }),
    ...changeRoutes(core, show),
  ];
};

const changeRoutes = (core: Core, show: (row: WorkspaceRow) => Promise<WorkspaceWire>): Route[] => [
  defineRoute({
    id: 'workspaces.update',
    method: 'PATCH',
    path: '/workspaces/{id}',
    summary: 'Change a workspace; its slug stays',
    access: write,
    params,
    body: WorkspaceChange,
    response: Workspace,
    errors: ['CONFLICT'],
    handler: async (op, request) => show(await changeWorkspace(op, core, request.params.id, request.body)),
  }),
  defineRoute({
    id: 'workspaces.settings.set',
    method: 'PUT',
    path: '/workspaces/{id}/settings',
    summary: 'Replace the settings of a workspace',
    access: write,
    params,
    body: Settings,
    response: Workspace,
    handler: async (op, request) => show(await setWorkspaceSettings(op, core, request.params.id, request.body)),
  }),
  defineRoute({
    id: 'workspaces.delete',
    method: 'DELETE',
    path: '/workspaces/{id}',
    summary: 'Delete a workspace; with force, everything inside is destroyed first',
    access: write,
    params,
    query: Type.Object({ force: Type.Boolean({ default: false }) }),
    response: Deleted,
    errors: ['NOT_EMPTY', 'CONFLICT'],
    handler: async (op: Op, request) => {
      await deleteWorkspace(op, core, request.params.id, request.query.force);
      return { id: request.params.id, deleted: true as const };
    },
  }),
  defineRoute({
    id: 'workspaces.stats',
    method: 'GET',
    path: '/workspaces/{id}/stats',
    summary: 'What a workspace contains and uses now',
    access: read,
    params,
    response: WorkspaceStats,
    handler: async (op, request) => workspaceStats(core, (await getWorkspace(op, core, request.params.id)).id),
  }),
];
