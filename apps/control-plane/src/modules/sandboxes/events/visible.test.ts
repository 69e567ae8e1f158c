import { type TestDatabase, testDatabase } from '@miosa/db';
import { createServer, type Server } from '@miosa/http';
import { type Actor, type ApiKeyId, newUuid, type Role, type TenantId, type UserId, type WorkspaceId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasScope } from '../../access/index.ts';
import { createEvents, type Events, emit, eventRoutes } from '../../events/index.ts';
import { visibleWorkspaces } from '../../tenancy/index.ts';
import { silent } from '../testing/world.ts';

const [US, THEM] = [newUuid() as TenantId, newUuid() as TenantId];
const [A, B] = [newUuid() as WorkspaceId, newUuid() as WorkspaceId];
const [ANN, BOB] = [newUuid() as UserId, newUuid() as UserId];

let database: TestDatabase;
let events: Events;
let server: Server;
const actors = new Map<string, Actor>();

/** Named by what they are, so that a list of names says who sees what. */
const HAPPENED: readonly (readonly [name: string, type: string, tenant: TenantId, workspace: WorkspaceId | null, owner: UserId | null])[] =
  [
    ['a-sandbox', 'sandbox.created', US, A, null],
    ['a-ann-sandbox', 'sandbox.paused', US, A, ANN],
    ['b-sandbox', 'sandbox.created', US, B, null],
    ['a-exec', 'sandbox.exec.started', US, A, null],
    ['a-port', 'sandbox.port.opened', US, A, null],
    ['a-deployment', 'deployment.published', US, A, null],
    ['a-workspace', 'workspace.updated', US, A, null],
    ['b-project', 'project.created', US, B, null],
    ['a-key', 'api_key.created', US, A, null],
    ['us-key', 'api_key.expired', US, null, null],
    ['ann-key', 'api_key.revoked', US, null, ANN],
    ['member', 'member.added', US, null, BOB],
    ['budget', 'budget.reached', US, null, null],
    ['unknown', 'mystery.happened', US, A, null],
    ['their-sandbox', 'sandbox.created', THEM, A, null],
    ['their-member', 'member.added', THEM, null, ANN],
  ];

beforeAll(async () => {
  database = await testDatabase();
  events = createEvents({ db: database.db, log: silent });
  await events.start();
  server = await createServer({
    routes: eventRoutes({ db: database.db, events, hasScope, visibleWorkspaces }),
    authenticate: async ({ authorization }) => actors.get(authorization?.replace('Bearer ', '') ?? '') ?? null,
    authorize: () => {},
    log: silent,
    readiness: async () => ({}),
    version: 'test',
    apiUrl: 'https://api.miosa.localhost:8443',
    checkResponses: true,
  });
  for (const [name, type, tenantId, workspaceId, ownerUserId] of HAPPENED) {
    const actor = { type: 'system', id: 'test', name: 'test', tenantId } as const;
    const op = {
      requestId: 'req_test',
      actor,
      ip: null,
      userAgent: null,
      log: silent,
      now: () => new Date(),
      signal: new AbortController().signal,
    };
    const ownership = { workspaceId, ownerUserId, externalUserId: name };
    await emit(database.db.read, op, { type, resource: { type: 'thing', id: name }, data: {}, ownership });
  }
  await events.settle();
});
afterAll(async () => {
  await server.close();
  await events.close();
  await database.close();
});

const ask = async (actor: Actor, query = '') => {
  const name = newUuid();
  actors.set(name, actor);
  const answer = await server.inject({
    method: 'GET',
    url: `/api/v1/events?limit=100${query}`,
    headers: { authorization: `Bearer ${name}` },
  });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
};
const seen = async (actor: Actor, query = ''): Promise<string[]> => {
  const { body } = await ask(actor, query);
  return body.data.map((event: { resource: { id: string } }) => event.resource.id).sort();
};

const key = (over: Partial<Extract<Actor, { type: 'key' }>> = {}): Actor => ({
  ...{ type: 'key', id: newUuid() as ApiKeyId, name: 'key', keyType: 'live', purpose: 'api', tenantId: US, scopes: ['*'] },
  ...{ workspaceId: null, userId: null, role: null, ...over },
});
const user = (role: Role, over: Partial<Extract<Actor, { type: 'user' }>> = {}): Actor => ({
  ...{ type: 'user', id: BOB, name: 'Bob', tenantId: US, role, isOperator: false, sessionId: newUuid(), ...over },
});
const browser: Actor = {
  ...{ type: 'browser', id: newUuid(), name: 'b', tenantId: US, mintedBy: { keyId: null, userId: null }, permissions: ['sandbox:read'] },
  boundary: { workspaceId: A, projectId: null, sandboxId: null, ownerUserId: null },
  external: { workspaceId: null, userId: null, projectId: null },
  expiresAt: Date.now() + 3600_000,
} as unknown as Actor;

const RESOURCES = ['a-ann-sandbox', 'a-deployment', 'a-sandbox', 'b-sandbox'];
const KEYS = ['a-key', 'ann-key', 'us-key'];

describe('of everything that happened', () => {
  test('a key of the organization sees all but who belongs to it, and nothing of another organization', async () => {
    expect(await seen(key())).toEqual([...RESOURCES, ...KEYS, 'a-workspace', 'b-project', 'budget'].sort());
    expect(await seen(key({ tenantId: THEM }))).toEqual(['their-sandbox']);
  });

  test('a key bound to a workspace sees what is in it, and nothing of the organization itself', async () => {
    expect(await seen(key({ workspaceId: A }))).toEqual(['a-ann-sandbox', 'a-deployment', 'a-key', 'a-sandbox', 'a-workspace']);
    expect(await seen(key({ workspaceId: B }))).toEqual(['b-project', 'b-sandbox']);
  });

  test('a key sees families whose read scope it has', async () => {
    expect(await seen(key({ scopes: ['sandboxes:read'] }))).toEqual(['a-ann-sandbox', 'a-sandbox', 'b-sandbox']);
    expect(await seen(key({ scopes: ['deployments:read', 'projects:read'] }))).toEqual(['a-deployment', 'b-project']);
    expect(await seen(key({ scopes: ['exec:run'] }))).toEqual([]);
  });

  test('a key of a user sees resources and keys of that user alone, whatever the role', async () => {
    const workspaces = [{ id: A, role: 'admin' }] as const;
    expect(await seen(key({ keyType: 'user', userId: ANN, role: 'owner', workspaces }))).toEqual(
      expect.arrayContaining(['a-ann-sandbox', 'ann-key']),
    );
    for (const role of ['viewer', 'member', 'admin', 'owner'] as const) {
      const visible = await seen(key({ keyType: 'user', userId: ANN, role, workspaces }));
      for (const foreign of ['a-sandbox', 'b-sandbox', 'a-deployment', 'a-key', 'us-key', 'budget', 'member'])
        expect([role, visible.includes(foreign), foreign]).toEqual([role, false, foreign]);
    }
  });

  test('admins and owners with a session see who comes and goes; members and viewers their workspaces and own keys', async () => {
    const everything = [...RESOURCES, ...KEYS, 'a-workspace', 'b-project', 'budget', 'member'].sort();
    expect(await seen(user('owner'))).toEqual(everything);
    expect(await seen(user('admin'))).toEqual(everything);
    const workspaces = [{ id: A, role: 'member' }] as const;
    expect(await seen(user('member', { id: ANN, workspaces }))).toEqual([
      'a-ann-sandbox',
      'a-deployment',
      'a-sandbox',
      'a-workspace',
      'ann-key',
    ]);
    expect(await seen(user('viewer', { workspaces }))).toEqual(['a-ann-sandbox', 'a-deployment', 'a-sandbox', 'a-workspace']);
    expect(await seen(user('viewer', { workspaces: [] }))).toEqual([]);
  });

  test('a browser token sees nothing here, and is refused what it names', async () => {
    expect(await seen(browser)).toEqual([]);
    expect((await ask(browser, '&types=sandbox.*')).status).toBe(403);
  });

  test('commands and ports show in no stream but that of their sandbox, also when asked for by name', async () => {
    expect(await seen(key(), '&types=sandbox.exec.started,sandbox.port.*')).toEqual([]);
    expect(await seen(user('owner'), '&types=*')).not.toContain('a-exec');
  });

  test('a family that nobody has described is shown to nobody', async () => {
    expect(await seen(user('owner', { isOperator: true }))).not.toContain('unknown');
    expect(await seen(user('owner'), '&types=mystery.*')).toEqual([]);
  });
});

describe('what is asked for', () => {
  test.each([
    ['sandbox.*', ['a-ann-sandbox', 'a-sandbox', 'b-sandbox']],
    ['sandbox.created,deployment.published', ['a-deployment', 'a-sandbox', 'b-sandbox']],
    ['api_key.*', ['a-key', 'ann-key', 'us-key']],
    ['sandbox.nothing', []],
  ])('%s is answered with that alone', async (types, expected) => {
    expect(await seen(key(), `&types=${types}`)).toEqual(expected);
  });

  test('by name without the right is refused, and says what is missing', async () => {
    const narrow = key({ scopes: ['sandboxes:read'] });
    const refused = await ask(narrow, '&types=deployment.*');
    expect([refused.status, refused.body.error.details]).toEqual([403, { required_scope: 'deployments:read' }]);
    const member = await ask(key(), '&types=member.*');
    expect([member.status, member.body.error.details]).toEqual([403, { required_role: 'admin' }]);
    expect((await ask(user('member', { workspaces: [] }), '&types=member.added')).status).toBe(403);
    expect((await ask(narrow, '&types=sandbox.*,deployment.*')).status).toBe(403);
  });

  test('a filter narrows what is seen and never widens it', async () => {
    expect(await seen(key(), `&workspace_id=${B}`)).toEqual(['b-project', 'b-sandbox']);
    expect(await seen(key({ workspaceId: A }), `&workspace_id=${B}`)).toEqual([]);
    expect(await seen(key(), '&workspace_id=nonsense')).toEqual([]);
    expect(await seen(key(), '&external_user_id=a-sandbox')).toEqual(['a-sandbox']);
    expect(await seen(key(), '&external_user_id=their-sandbox')).toEqual([]);
    expect(await seen(key(), "&external_user_id=' or true --")).toEqual([]);
  });

  test('a type that starts like another is not it', async () => {
    expect(await seen(key(), '&types=sand.*')).toEqual([]);
    expect((await ask(key(), '&types=sandbox_created')).body.data).toEqual([]);
    expect((await ask(key(), '&types=%25')).status).toBe(400);
  });
});
