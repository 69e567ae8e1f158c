import { defineRoute, type Route } from '@miosa/http';
import { Type } from 'typebox';
import { NetworkPolicy } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { Deleted, Id, nullable } from '../schemas.ts';
import { blockedSince, getPolicy, removePolicy, setPolicy } from './service.ts';

const READ = { scope: 'sandboxes:read' } as const;
const WRITE = { scope: 'sandboxes:write' } as const;

const Blocked = Type.Object(
  {
    ts: Type.String({ format: 'date-time', description: 'the last attempt' }),
    destination: Type.String({ description: 'an address; with protocol dns the name that was refused' }),
    port: nullable(Type.Integer()),
    protocol: Type.String({ description: 'tcp, udp, icmp or dns' }),
    count: Type.Integer({ description: 'packets or queries' }),
  },
  { title: 'BlockedTraffic' },
);

export const createNetworkPolicyRoutes = (core: Core): Route[] => [
  defineRoute({
    id: 'sandboxes.networkPolicy.get',
    method: 'GET',
    path: '/sandboxes/{id}/network-policy',
    summary: 'What the sandbox may reach',
    access: READ,
    params: Id,
    response: NetworkPolicy,
    handler: (op, { params }) => getPolicy(op, core, params.id),
  }),
  defineRoute({
    id: 'sandboxes.networkPolicy.set',
    method: 'PUT',
    path: '/sandboxes/{id}/network-policy',
    summary: 'Set what the sandbox may reach; in force when it answers',
    description:
      'Deny beats allow. Under default deny, names that no rule allows do not resolve. Policies of project, workspace, organization and operator must allow as well. Private, link-local and metadata addresses, the host and other sandboxes are always blocked.',
    access: WRITE,
    params: Id,
    body: NetworkPolicy,
    response: NetworkPolicy,
    errors: ['GONE', 'UPSTREAM_UNREACHABLE'],
    handler: (op, { params, body }) => setPolicy(op, core, params.id, body),
  }),
  defineRoute({
    id: 'sandboxes.networkPolicy.delete',
    method: 'DELETE',
    path: '/sandboxes/{id}/network-policy',
    summary: 'Remove the policy of the sandbox; those above it stay',
    access: WRITE,
    params: Id,
    response: Deleted,
    errors: ['GONE', 'UPSTREAM_UNREACHABLE'],
    handler: async (op, { params }) => {
      await removePolicy(op, core, params.id);
      return { id: params.id, deleted: true as const };
    },
  }),
  defineRoute({
    id: 'sandboxes.networkPolicy.blocked',
    method: 'GET',
    path: '/sandboxes/{id}/network-policy/blocked',
    summary: 'What was stopped, newest first; kept for about an hour',
    access: READ,
    params: Id,
    query: Type.Object({ since: Type.Optional(Type.String({ format: 'date-time' })) }),
    response: Blocked,
    envelope: 'list',
    errors: ['UPSTREAM_UNREACHABLE'],
    handler: async (op, { params, query }) => {
      const entries = await blockedSince(op, core, params.id, query.since === undefined ? undefined : new Date(query.since));
      return { items: entries.map(({ at, ...entry }) => ({ ts: at, ...entry })), nextCursor: null };
    },
  }),
];
