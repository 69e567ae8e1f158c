import { randomUUID } from 'node:crypto';
import { PASSWORD } from '@miosa/control-plane/testing';
import { type Declared, deref, type Operation } from './document.ts';
import { fillPath, type Place, targetOf, uploaded } from './fixtures.ts';
import { login, type Organization } from './organization.ts';
import type { Asked, Caller, Target } from './rules.ts';
import { queryOf, sample, type Values } from './sample.ts';

export interface Context {
  readonly organization: Organization;
  readonly caller: Caller;
  readonly project: Place['project'];
}

/** Ids in bodies, by the name they have everywhere. Made only for the bodies that need them. */
const NAMED: Readonly<Record<string, (organization: Organization) => Promise<unknown>>> = {
  tenant_id: async ({ id }) => id,
  user_id: async (organization) => (await organization.newUser()).id,
  user_ids: async (organization) => [(await organization.newUser()).id],
  key_ids: async (organization) => [(await organization.call('POST', '/api-keys', { name: 'fixture', key_type: 'live' })).data.id],
};

const namedIn = async ({ body }: Operation, special: Values, organization: Organization): Promise<Values> => {
  const required = body?.type === 'json' ? (deref(body.schema).required ?? []) : [];
  const made = required
    .filter((name) => !(name in special))
    .map(async (name): Promise<[string, unknown][]> => {
      const make = NAMED[name];
      return make === undefined ? [] : [[name, await make(organization)]];
    });
  return Object.fromEntries((await Promise.all(made)).flat());
};

interface Special {
  /** Scope the answer rests on besides the declared one. */
  readonly scope?: string;
  /** What the body names, when the path names nothing. */
  readonly target?: Target;
  /** Its effect lies in no workspace: keys bound to one are refused. */
  readonly organizationWide?: true;
  /** What the handler asks besides, of callers who name somebody else. */
  readonly others?: Pick<Exclude<Declared, 'public'>, 'minRole' | 'roleIn'>;
  /** What operators get who do not belong to the organization. */
  readonly strangers?: 403 | 404;
  /** A signature over the body is the credential; no other counts. */
  readonly signed?: true;
  /** `parameters`: of the path. */
  body?(context: Context, parameters: Readonly<Record<string, string>>): Promise<Values>;
}

const isServerKey = (caller: Caller): boolean => caller.as === 'key' && caller.type !== 'user';

/** Operations whose body means more than its schema says. All others get the least body their schema accepts. */
const SPECIAL: Readonly<Record<string, Special>> = {
  'apiKeys.create': {
    body: async ({ caller }) => ({ key_type: isServerKey(caller) ? 'live' : 'user', scopes: ['api_keys:write'] }),
  },
  // A login on a device is a key of a member.
  'auth.cli.approve': { strangers: 403 },
  'auth.login': { body: async ({ organization }) => ({ email: (await organization.session('owner')).user.email, password: PASSWORD }) },
  'auth.refresh': {
    body: async ({ organization }) => {
      const { user } = await organization.session('owner');
      return { refresh_token: (await login(organization.plane, user.email)).refreshToken };
    },
  },
  'auth.password': { body: async () => ({ current: PASSWORD }) },
  'auth.register': {
    body: async ({ organization }) => {
      const { data } = await organization.call('POST', `/tenants/${organization.id}/invites`, { email: `${randomUUID()}@example.com` });
      return { email: data.email, invite_token: new URL(data.invite_url).pathname.split('/').at(-1) };
    },
  },
  'browserTokens.create': {
    scope: 'sandboxes:read', // of the permission it gives
    target: 'place',
    body: async ({ organization, project }) => ({ project_id: await organization.project(project) }),
  },
  'audit.verify': { organizationWide: true },
  'deployments.gitHook': { signed: true },
  'deployments.versions.create': {
    // What is no deployment has no uploads.
    body: async ({ organization }, { id = '' }) => ({ upload_id: await uploaded(organization, id).catch(() => 'upl_none') }),
  },
  'sandboxes.files.mkdir': { body: async () => ({ path: 'folder' }) },
  'sandboxes.processes.stdin': { body: async () => ({ data: 'x' }) },
  'workspaces.create': { organizationWide: true },
  // Everybody may leave; who else goes is for admins.
  'tenants.members.delete': { others: { minRole: 'admin' } },
  'workspaces.members.delete': { others: { minRole: 'admin', roleIn: 'workspace' } },
  // A session is a member's.
  'platform.tenants.switch': { strangers: 404 },
  'tenants.set': { body: async ({ organization }) => ({ name: organization.name }) },
};

export const askedOf = (operation: Operation): Asked => {
  const { id, access, method, streams, path } = operation;
  const { scope, target = 'nothing', organizationWide = false, strangers = null, signed = false, others } = SPECIAL[id] ?? {};
  const named = targetOf(path);
  return {
    access,
    method,
    streams,
    scope: scope ?? (access === 'public' ? null : access.scope),
    target: named === 'nothing' ? target : named,
    organizationWide,
    strangers,
    signed,
    ...(others === undefined ? {} : { others }),
  };
};

/** Method, address, body: the least that the declaration accepts. */
export const requestFor = async (operation: Operation, parameters: Readonly<Record<string, string>>, context: Context) => {
  const special = (await SPECIAL[operation.id]?.body?.(context, parameters)) ?? {};
  const path = `/api/v1${fillPath(operation.path, parameters)}${queryOf(operation, special)}`;
  const { body } = operation;
  if (body === null) return { method: operation.method, path, headers: {} };
  if (body.type === 'raw') return { method: operation.method, path, headers: { 'content-type': 'application/octet-stream' }, body: 'x' };
  const known = { ...(await namedIn(operation, special, context.organization)), ...special };
  const least = { ...(sample(deref(body.schema), known) as Values), ...special };
  return { method: operation.method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(least) };
};
