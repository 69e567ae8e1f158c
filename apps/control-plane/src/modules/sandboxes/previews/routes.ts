import { defineRoute, type Route } from '@miosa/http';
import { NO_CONTROL_PATTERN } from '@miosa/kernel';
import { Type } from 'typebox';
import type { Core } from '../deps.ts';
import { Deleted, Id, nullable, oneOf, Port, Preview, PreviewIds, PreviewToken, Share } from '../schemas.ts';
import { listPorts } from './ports.ts';
import {
  changeExposed,
  createShare,
  deleteExposed,
  expose,
  getExposed,
  listExposed,
  listSharesOf,
  mintPreviewToken,
  revokeShareOf,
} from './service.ts';

const READ = { scope: 'sandboxes:read', browser: 'sandbox:read' } as const;
const WRITE = { scope: 'previews:write' } as const;
const PortNumber = Type.Integer({ minimum: 1, maximum: 65_535 });
const Name = Type.String({ minLength: 1, maxLength: 120, pattern: NO_CONTROL_PATTERN });
const Visibility = oneOf(['public', 'private']);
/** A hundred years: beyond any use, and far from the end of the calendar. */
const MAX_SHARE_SEC = 100 * 365 * 86_400;

const previewRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.ports.list',
    method: 'GET',
    path: '/sandboxes/{id}/ports',
    summary: 'Ports that listen now',
    access: READ,
    params: Id,
    response: Port,
    envelope: 'list',
    errors: ['SANDBOX_NOT_RUNNING', 'GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params }) => ({ items: await listPorts(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.expose',
    method: 'POST',
    path: '/sandboxes/{id}/expose',
    summary: 'Give a port a public (or private) preview',
    access: WRITE,
    params: Id,
    body: Type.Object({ port: PortNumber, name: Type.Optional(Name), visibility: Type.Optional(Visibility) }, { title: 'ExposeRequest' }),
    response: Preview,
    errors: ['GONE'],
    handler: (op, { params, body }) => expose(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.previews.list',
    method: 'GET',
    path: '/sandboxes/{id}/previews',
    summary: 'List previews',
    access: READ,
    params: Id,
    response: Preview,
    envelope: 'list',
    handler: async (op, { params }) => ({ items: await listExposed(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.previews.get',
    method: 'GET',
    path: '/sandboxes/{id}/previews/{preview_id}',
    summary: 'Get a preview',
    access: READ,
    params: PreviewIds,
    response: Preview,
    handler: (op, { params }) => getExposed(op, core, params.id, params.preview_id),
  }),
  defineRoute({
    id: 'sandboxes.previews.update',
    method: 'PATCH',
    path: '/sandboxes/{id}/previews/{preview_id}',
    summary: 'Change a preview',
    access: WRITE,
    params: PreviewIds,
    body: Type.Object(
      {
        name: Type.Optional(nullable(Name)),
        visibility: Type.Optional(Visibility),
        host_header: Type.Optional(oneOf(['localhost', 'public'])),
      },
      { title: 'PreviewUpdateRequest' },
    ),
    response: Preview,
    errors: ['GONE'],
    handler: (op, { params, body }) => changeExposed(op, core, params.id, params.preview_id, body),
  }),
  defineRoute({
    id: 'sandboxes.previews.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/previews/{preview_id}',
    summary: 'Make the port private again',
    access: WRITE,
    params: PreviewIds,
    response: Deleted,
    handler: async (op, { params }) => {
      await deleteExposed(op, core, params.id, params.preview_id);
      return { id: params.preview_id, deleted: true as const };
    },
  }),
];

const tokenRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.previewToken',
    method: 'POST',
    path: '/sandboxes/{id}/preview-token',
    summary: 'Mint a short-lived preview token for a browser',
    access: { ...WRITE, browser: 'preview:read' },
    params: Id,
    body: Type.Object(
      {
        expires_in: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400, description: 'seconds, default 3600' })),
        scope: Type.Optional(oneOf(['read', 'interact'])),
        port: Type.Optional(Type.Union([PortNumber, Type.Literal('any')])),
      },
      { title: 'PreviewTokenRequest' },
    ),
    response: PreviewToken,
    errors: ['GONE'],
    handler: (op, { params, body }) => mintPreviewToken(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.shares.create',
    method: 'POST',
    path: '/sandboxes/{id}/shares',
    summary: 'Make a share link anyone may open',
    access: WRITE,
    params: Id,
    body: Type.Object(
      {
        expires_in: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SHARE_SEC, description: 'seconds; omitted = never' })),
        port: Type.Optional(PortNumber),
        name: Type.Optional(Name),
      },
      { title: 'ShareRequest' },
    ),
    response: Share,
    status: 201,
    errors: ['GONE'],
    handler: (op, { params, body }) => createShare(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.shares.list',
    method: 'GET',
    path: '/sandboxes/{id}/shares',
    summary: 'List active share links',
    access: { ...WRITE, minRole: 'member' },
    params: Id,
    response: Share,
    envelope: 'list',
    handler: async (op, { params }) => ({ items: await listSharesOf(op, core, params.id), nextCursor: null }),
  }),
  defineRoute({
    id: 'sandboxes.shares.revoke',
    method: 'DELETE',
    path: '/sandboxes/{id}/shares/{share}',
    summary: 'Revoke a share link by its id or token',
    access: WRITE,
    params: Type.Object({ id: Type.String({ maxLength: 64 }), share: Type.String({ maxLength: 1024 }) }),
    response: Deleted,
    handler: async (op, { params }) => ({ id: await revokeShareOf(op, core, params.id, params.share), deleted: true as const }),
  }),
];

export const createPreviewRoutes = (core: Core): Route[] => [...previewRoutes(core), ...tokenRoutes(core)];
