import { defineRoute, PAGE_QUERY, positionOf, type Route, withStatus } from '@miosa/http';
import { Type } from 'typebox';
import type { Core } from './core.ts';
import { deleteProject } from './deletion.ts';
import { Uuid } from './fields.ts';
import { pageOfPresented } from './paging.ts';
import { type ProjectWire, presentProjects, single } from './present.ts';
import type { ListedProject } from './projects.store.ts';
import { changeProject, createProject, getProject, pageOfProjects } from './projects.ts';
import { Deleted, Project, ProjectChange, ProjectCreate } from './schemas.ts';

const params = Type.Object({ id: Uuid });
const read = { scope: 'projects:read' } as const;
const write = { scope: 'projects:write' } as const;
const filter = () => Type.Optional(Type.String({ maxLength: 255 }));

const query = Type.Object({
  ...PAGE_QUERY,
  workspace_id: filter(),
  external_workspace_id: filter(),
  external_project_id: filter(),
  name: filter(),
  slug: filter(),
});

export const projectRoutes = (core: Core): Route[] => {
  const show = async (row: ListedProject): Promise<ProjectWire> => single(await presentProjects(core, [row]));
  return [
    defineRoute({
      id: 'projects.list',
      method: 'GET',
      path: '/projects',
      summary: 'Projects, newest first',
      access: read,
      query,
      response: Project,
      envelope: 'list',
      handler: async (op, { query: { limit, cursor, ...filters } }) => {
        const rows = await pageOfProjects(op, core, filters, { after: positionOf(cursor), limit: limit + 1 });
        return pageOfPresented(rows, limit, (shown) => presentProjects(core, shown));
      },
    }),
    defineRoute({
      id: 'projects.create',
      method: 'POST',
      path: '/projects',
      summary: 'Create a project in a workspace',
      description:
        'Without a workspace selector it goes to the default workspace. A known external_project_id answers 200 with its project.',
      access: write,
      body: ProjectCreate,
      response: Project,
      status: 201,
      errors: ['SLUG_TAKEN', 'SETUP_REQUIRED', 'OWNERSHIP_CONFLICT'],
      handler: async (op, { body }) => {
        const { row, created } = await createProject(op, core, body);
        return withStatus(created ? 201 : 200, await show(row));
      },
    }),
    defineRoute({
      id: 'projects.get',
      method: 'GET',
      path: '/projects/{id}',
      summary: 'One project',
      access: read,
      params,
      response: Project,
      handler: async (op, request) => show(await getProject(op, core, request.params.id)),
    }),
    defineRoute({
      id: 'projects.update',
      method: 'PATCH',
      path: '/projects/{id}',
      summary: 'Change a project; its slug and workspace stay',
      access: write,
      params,
      body: ProjectChange,
      response: Project,
      errors: ['CONFLICT'],
      handler: async (op, request) => show(await changeProject(op, core, request.params.id, request.body)),
    }),
    defineRoute({
      id: 'projects.delete',
      method: 'DELETE',
      path: '/projects/{id}',
      summary: 'Delete a project; with force, everything inside is destroyed first',
      access: write,
      params,
      query: Type.Object({ force: Type.Boolean({ default: false }) }),
      response: Deleted,
      errors: ['NOT_EMPTY'],
      handler: async (op, request) => {
        await deleteProject(op, core, request.params.id, request.query.force);
        return { id: request.params.id, deleted: true as const };
      },
    }),
  ];
};
