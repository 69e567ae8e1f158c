import { createHmac } from 'node:crypto';
import type { Operation, Role } from './document.ts';
import type { Place } from './fixtures.ts';
import type { Credential, Organization, Standing } from './organization.ts';
import type { Caller, KeyType, View } from './rules.ts';

/** What a principal needs to be made: its own organization, a neighbour, and the operation it is made for. */
export interface Stage {
  readonly organization: Organization;
  readonly neighbour: Organization;
  readonly operation: Operation;
  /** Scope the operation rests on; null when any credential does. */
  readonly scope: string | null;
}

export interface Principal {
  readonly name: string;
  readonly caller: Caller;
  /** Null: the question does not arise for the operation (no scope to lack). */
  present(stage: Stage): Promise<Credential | { readonly ticket: string } | null>;
  /** Where what it asks for lies, seen from the organization of the fixtures. */
  readonly project?: Place['project'];
  /** Keys that see only their own are asked about those: made by this user. */
  readonly owner?: Standing;
}

/** Contract 2.4: every scope, and which other ones would do as well. */
const NOUNS = [
  'sandboxes',
  'computers',
  'deployments',
  'domains',
  'data',
  'storage',
  'functions',
  'jobs',
  'workspaces',
  'projects',
  'webhooks',
  'api_keys',
  'tenant',
];
const EVERY_SCOPE = [...NOUNS.flatMap((noun) => [`${noun}:read`, `${noun}:write`]), 'previews:write', 'usage:read', 'audit:read'];

const gives = (scope: string, needed: string): boolean => {
  const [noun, verb] = needed.split(':');
  if (scope === needed || (verb === 'read' && scope === `${noun}:write`)) return true;
  if (needed === 'previews:write') return scope === 'sandboxes:write';
  return noun === 'storage' && (scope === `data:${verb}` || scope === 'data:write');
};

/** Something to carry where no scope is needed, since a key carries at least one. */
const FILLER = ['usage:read'];

const scopesFor = (kind: 'needed' | 'all but needed', scope: string | null): readonly string[] | null => {
  if (kind === 'needed') return scope === null ? FILLER : [scope];
  return scope === null ? null : EVERY_SCOPE.filter((other) => !gives(other, scope));
};

const nobody = (name: string, present: Principal['present']): Principal => ({ name, caller: { as: 'nobody' }, present });

const scopedKey = (type: KeyType, scopes: 'needed' | 'all but needed'): Principal => ({
  name: `msk ${type}, ${scopes === 'needed' ? 'only its scope' : 'all scopes but it'}`,
  caller: { as: 'key', type, purpose: 'api', scopes, role: 'owner', bound: false, view: 'own' },
  ...(type === 'user' ? { owner: 'owner' as const } : {}),
  present: async ({ organization, scope }) => {
    const wanted = scopesFor(scopes, scope);
    return wanted === null ? null : organization.key({ type, scopes: wanted });
  },
});

const wideKey = (name: string, over: Partial<Extract<Caller, { as: 'key' }>>, present: Principal['present']): Principal => ({
  name,
  caller: { as: 'key', type: 'live', purpose: 'api', scopes: 'all', role: 'owner', bound: false, view: 'own', ...over },
  present,
});

const ROLES: Readonly<Record<Standing, { readonly role: Role; readonly workspaceRole: Role }>> = {
  viewer: { role: 'viewer', workspaceRole: 'viewer' },
  member: { role: 'member', workspaceRole: 'member' },
  steward: { role: 'member', workspaceRole: 'admin' },
  admin: { role: 'admin', workspaceRole: 'admin' },
  owner: { role: 'owner', workspaceRole: 'owner' },
  operator: { role: 'viewer', workspaceRole: 'viewer' },
};

const session = (role: Standing, view: View = 'own'): Principal => ({
  name: `JWT ${role === 'steward' ? 'member, admin of the workspace' : role}${view === 'own' ? '' : ` (${view})`}`,
  caller: { as: 'session', ...ROLES[role], operator: role === 'operator', view },
  ...(view === 'elsewhere' ? { project: 'away' as const } : {}),
  ...(role === 'viewer' || role === 'member' || role === 'steward' ? { owner: role } : {}),
  present: async ({ organization, neighbour }) => (view === 'foreign' ? neighbour : organization).credential(role),
});

const PERMISSIONS = ['sandbox:read', 'sandbox:exec', 'sandbox:files', 'preview:read', 'terminal:open', 'computer:view', 'computer:control'];

const browser = (name: string, permission: boolean, view: View): Principal => ({
  name,
  caller: { as: 'browser', permission, view },
  present: async ({ organization, operation }) => {
    const declared = operation.access === 'public' ? undefined : operation.access.browser;
    const needed = declared === undefined || declared === 'any' ? 'sandbox:read' : declared;
    const permissions = permission ? [needed] : PERMISSIONS.filter((other) => other !== needed);
    const project_id = await organization.project(view === 'own' ? 'home' : 'side');
    return { bearer: (await organization.call('POST', '/browser-tokens', { project_id, permissions })).data.token };
  },
});

/** A token of the right shape and signature whose hour is over. */
const expiredJwt = async ({ organization }: Stage): Promise<Credential> => {
  const { token } = await organization.session('owner');
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const old = Buffer.from(JSON.stringify({ ...claims, iat: claims.iat - 7200, exp: claims.exp - 7200 })).toString('base64url');
  const signature = createHmac('sha512', organization.plane.jwtSecret).update(`${header}.${old}`).digest('base64url');
  return { bearer: `${header}.${old}.${signature}` };
};

const spareSandbox = async (organization: Organization): Promise<string> =>
  (await organization.call('POST', '/sandboxes', { project_id: await organization.project('home') })).data.id;

const ticketOf = async ({ organization }: Stage): Promise<string> => {
  const { bearer } = await organization.key({ type: 'live' });
  return (await organization.call('POST', '/auth/sse-ticket', {}, { bearer })).ticket;
};

const KEY_TYPES: readonly KeyType[] = ['user', 'live', 'test', 'platform', 'admin'];

/** The columns of the matrix, in the order of the snapshot. */
export const principals: readonly Principal[] = [
  nobody('no credential', async () => ({ bearer: '' })),
  nobody('garbage', async () => ({ bearer: `msk_live_${'0'.repeat(32)}` })),
  nobody('expired key', async ({ organization }) => {
    const { id, bearer } = await organization.key({ type: 'live', scopes: ['*', '*:read'] });
    await organization.plane.expireKey(id);
    return { bearer };
  }),
  nobody('revoked key', async ({ organization }) => {
    const { id, bearer } = await organization.key({ type: 'live', scopes: ['*', '*:write'] });
    await organization.call('DELETE', `/api-keys/${id}`);
    return { bearer };
  }),
  wideKey('msk live of another organization', { view: 'foreign' }, ({ neighbour }) => neighbour.key({ type: 'live' })),
  wideKey('msk live bound to another workspace', { view: 'elsewhere', bound: true }, async ({ organization }) =>
    organization.key({ type: 'live', workspaceId: await organization.workspace('away') }),
  ),
  wideKey('msk user of another member', { type: 'user', role: 'member', view: 'others' }, ({ organization }) =>
    organization.key({ type: 'user', by: 'member' }),
  ),
  wideKey('msk optimal', { purpose: 'optimal' }, ({ organization }) => organization.key({ type: 'live', purpose: 'optimal' })),
  ...KEY_TYPES.flatMap((type) => [scopedKey(type, 'needed'), scopedKey(type, 'all but needed')]),
  session('viewer'),
  session('member'),
  session('steward'),
  session('admin'),
  session('owner'),
  session('operator'),
  session('member', 'elsewhere'),
  session('steward', 'elsewhere'),
  session('owner', 'foreign'),
  nobody('expired JWT', expiredJwt),
  nobody('refresh token', async ({ organization }) => ({ bearer: (await organization.session('owner')).refreshToken })),
  browser('mbt inside, with permission', true, 'own'),
  browser('mbt inside, other permissions', false, 'own'),
  browser('mbt outside, with permission', true, 'elsewhere'),
  nobody('mp preview token', async ({ organization }) => {
    const { data } = await organization.call('POST', `/sandboxes/${await spareSandbox(organization)}/preview-token`, { port: 3000 });
    return { bearer: data.token };
  }),
  nobody('ms share token', async ({ organization }) => {
    const { data } = await organization.call('POST', `/sandboxes/${await spareSandbox(organization)}/shares`, { port: 3000 });
    return { bearer: data.token };
  }),
  nobody('sset ticket as bearer', async (stage) => ({ bearer: await ticketOf(stage) })),
  { name: 'sset ticket in the address', caller: { as: 'ticket' }, present: async (stage) => ({ ticket: await ticketOf(stage) }) },
];
