import { defineRoute, PAGE_QUERY, pageOf, positionOf, type Route, sse } from '@miosa/http';
import { notFound, type Op } from '@miosa/kernel';
import { Type } from 'typebox';
import { stoppable } from '../../events/index.ts';
import { Description, Name, OWNED_FILTERS, OWNERSHIP_FIELDS, Slug } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { Deleted, LogLine, nullable, oneOf } from '../schemas.ts';
import { buildsOf, getBuild, startBuild } from './builds.ts';
import { DEFAULT_TEMPLATE } from './builtin.ts';
import { getTemplate } from './find.ts';
import { logLineOf, streamBuildLog } from './log.ts';
import { renderBuild, renderBuiltIn, renderTemplates } from './render.ts';
import { Build, Template } from './schemas.ts';
import { createTemplate, deleteTemplate, listTemplates, updateTemplate } from './service.ts';
import { BuildSpec, problemsOf } from './spec.ts';
import { lastLines, type TemplateRow } from './store.ts';

const ANY = { scope: null } as const;
const READ = { scope: 'sandboxes:read' } as const;
const WRITE = { scope: 'sandboxes:write' } as const;
const Id = Type.Object({ id: Type.String({ maxLength: 120, description: 'id or slug' }) });
const BuildIds = Type.Object({ id: Type.String({ maxLength: 120 }), build_id: Type.String({ maxLength: 64 }) });
const NEWEST_LINES = 200;

const one = async (op: Op, core: Core, row: TemplateRow) => {
  const [shown] = await renderTemplates(op, core, [row]);
  if (shown === undefined) throw notFound();
  return shown;
};

const at = (row: { readonly created_at: Date; readonly id: string }) => ({ at: row.created_at.toISOString(), id: row.id });

const templateRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'templates.list',
    method: 'GET',
    path: '/templates',
    summary: 'What sandboxes can be made from',
    description: 'Those of the installation first, besides `limit`; then the organization’s own, newest first.',
    access: ANY,
    query: Type.Object({ ...PAGE_QUERY, ...OWNED_FILTERS, product: Type.Optional(oneOf(['sandbox', 'computer'])) }),
    response: Template,
    envelope: 'list',
    handler: async (op, { query: { limit, cursor, product, ...filters } }) => {
      const siblings = { default_template_id: DEFAULT_TEMPLATE };
      if (product === 'computer') return { items: [], nextCursor: null, siblings };
      const rows = await listTemplates(op, core, filters, { after: positionOf(cursor), limit: limit + 1 });
      const { nextCursor } = pageOf(rows, limit, at, (row) => row);
      const isFiltered = Object.values(filters).some((value) => value !== undefined);
      const capabilities = await core.capabilities();
      const builtIns = cursor === undefined && !isFiltered ? capabilities.templates.map((slug) => renderBuiltIn(slug, capabilities)) : [];
      return { items: [...builtIns, ...(await renderTemplates(op, core, rows.slice(0, limit)))], nextCursor, siblings };
    },
  }),
  defineRoute({
    id: 'templates.create',
    method: 'POST',
    path: '/templates',
    summary: 'Make a template; its first build is queued',
    description:
      'Built in a sandbox of the same project, which is metered as one. From a snapshot without steps, its files become the template.',
    access: WRITE,
    body: Type.Object(
      {
        name: Name,
        slug: Type.Optional(Slug),
        description: Type.Optional(Description),
        build_spec: BuildSpec,
        ...OWNERSHIP_FIELDS,
      },
      { title: 'TemplateCreateRequest' },
    ),
    response: Template,
    status: 201,
    errors: ['SLUG_TAKEN', 'SETUP_REQUIRED', 'OWNERSHIP_CONFLICT', 'SNAPSHOT_NOT_READY', 'CONFLICT'],
    handler: async (op, { body }) => one(op, core, (await createTemplate(op, core, body)).row),
  }),
  defineRoute({
    id: 'templates.buildSpec',
    method: 'GET',
    path: '/templates/build-spec',
    summary: 'The JSON Schema of build_spec',
    access: ANY,
    response: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    handler: async () => ({ ...BuildSpec }),
  }),
  defineRoute({
    id: 'templates.validate',
    method: 'POST',
    path: '/templates/validate',
    summary: 'What is wrong with a build_spec, without building it',
    access: READ,
    body: Type.Object({ build_spec: Type.Unknown() }, { title: 'TemplateValidateRequest' }),
    response: Type.Object(
      { valid: Type.Boolean(), errors: Type.Array(Type.Object({ path: Type.String(), message: Type.String() })) },
      { title: 'TemplateValidation' },
    ),
    handler: async (_op, { body }) => {
      const errors = problemsOf(body.build_spec);
      return { valid: errors.length === 0, errors: [...errors] };
    },
  }),
  defineRoute({
    id: 'templates.get',
    method: 'GET',
    path: '/templates/{id}',
    summary: 'Get a template',
    access: ANY,
    params: Id,
    response: Template,
    handler: async (op, { params }) => {
      const capabilities = await core.capabilities();
      if (capabilities.templates.includes(params.id)) return renderBuiltIn(params.id, capabilities);
      return one(op, core, await getTemplate(op, core, params.id));
    },
  }),
  defineRoute({
    id: 'templates.update',
    method: 'PATCH',
    path: '/templates/{id}',
    summary: 'Change a template; a new build_spec is that of the next build',
    access: WRITE,
    params: Id,
    body: Type.Object(
      { name: Type.Optional(Name), description: Type.Optional(nullable(Description)), build_spec: Type.Optional(BuildSpec) },
      { title: 'TemplateUpdateRequest' },
    ),
    response: Template,
    errors: ['SNAPSHOT_NOT_READY', 'CONFLICT'],
    handler: async (op, { params, body }) => one(op, core, await updateTemplate(op, core, params.id, body)),
  }),
  defineRoute({
    id: 'templates.delete',
    method: 'DELETE',
    path: '/templates/{id}',
    summary: 'Delete a template; sandboxes made from it keep their files',
    access: WRITE,
    params: Id,
    response: Deleted,
    errors: ['IN_USE', 'TASK_RUNNING'],
    handler: async (op, { params }) => ({ id: await deleteTemplate(op, core, params.id), deleted: true as const }),
  }),
];

const buildRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'templates.builds.create',
    method: 'POST',
    path: '/templates/{id}/builds',
    summary: 'Build a template again',
    access: WRITE,
    params: Id,
    response: Build,
    status: 202,
    errors: ['TASK_RUNNING', 'SNAPSHOT_NOT_READY', 'CONFLICT'],
    handler: async (op, { params }) => renderBuild(await startBuild(op, core, params.id)),
  }),
  defineRoute({
    id: 'templates.builds.list',
    method: 'GET',
    path: '/templates/{id}/builds',
    summary: 'List the builds of a template, newest first',
    access: READ,
    params: Id,
    query: Type.Object({ ...PAGE_QUERY }),
    response: Build,
    envelope: 'list',
    handler: async (op, { params, query: { limit, cursor } }) => {
      const rows = await buildsOf(op, core, params.id, { after: positionOf(cursor), limit: limit + 1 });
      return pageOf(rows, limit, at, renderBuild);
    },
  }),
  defineRoute({
    id: 'templates.builds.get',
    method: 'GET',
    path: '/templates/{id}/builds/{build_id}',
    summary: 'Get a build',
    access: READ,
    params: BuildIds,
    response: Build,
    handler: async (op, { params }) => renderBuild(await getBuild(op, core, params.id, params.build_id)),
  }),
  defineRoute({
    id: 'templates.builds.logs',
    method: 'GET',
    path: '/templates/{id}/builds/{build_id}/logs',
    summary: 'The last lines of a build',
    access: READ,
    params: BuildIds,
    query: Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })) }),
    response: LogLine,
    envelope: 'list',
    handler: async (op, { params, query }) => {
      const { id } = await getBuild(op, core, params.id, params.build_id);
      const rows = await lastLines(core.db.read, id, query.lines ?? NEWEST_LINES);
      return { items: rows.map(logLineOf), nextCursor: null };
    },
  }),
  defineRoute({
    id: 'templates.builds.logs.stream',
    method: 'GET',
    path: '/templates/{id}/builds/{build_id}/logs/stream',
    summary: 'The lines of a build, as they come',
    description: 'Events `log` (as in the list) and, when the build is over, `end`. Resumable with `Last-Event-ID`.',
    access: READ,
    params: BuildIds,
    response: 'sse',
    handler: async (op, { params, headers }) => {
      const build = await getBuild(op, core, params.id, params.build_id);
      return sse(stoppable((signal) => streamBuildLog(core, build, headers['last-event-id'], signal)));
    },
  }),
];

export const createTemplateRoutes = (core: Core): Route[] => [...templateRoutes(core), ...buildRoutes(core)];
