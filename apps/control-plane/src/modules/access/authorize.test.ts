import type { Access } from '@miosa/http';
import {
  type Actor,
  type ApiKeyId,
  Fault,
  type KeyType,
  newUuid,
  type Role,
  type TenantId,
  type UserId,
  type WorkspaceId,
} from '@miosa/kernel';
import { describe, expect, it } from 'vitest';
import { authorize } from './authorize.ts';

const key = (over: Partial<Extract<Actor, { type: 'key' }>> = {}): Actor => ({
  type: 'key',
  id: newUuid() as ApiKeyId,
  name: 'k',
  keyType: 'live',
  purpose: 'api',
  tenantId: newUuid() as TenantId,
  scopes: ['*'],
  workspaceId: null,
  userId: null,
  role: null,
  ...over,
});
const user = (role: Role, isOperator = false): Actor => ({
  type: 'user',
  id: newUuid() as UserId,
  name: 'u',
  tenantId: newUuid() as TenantId,
  role,
  isOperator,
  sessionId: newUuid(),
});

/** What the refusal says, or null when it is allowed. */
const refusal = (actor: Actor, access: Access, method: 'GET' | 'POST' = 'POST'): Record<string, unknown> | null => {
  try {
    authorize(actor, { access, method });
    return null;
  } catch (error) {
    if (error instanceof Fault && error.code === 'FORBIDDEN') return error.details ?? {};
    throw error;
  }
};

describe('keys', () => {
  it('need the scope', () => {
    expect(refusal(key({ scopes: ['sandboxes:read'] }), { scope: 'sandboxes:write' })).toEqual({ required_scope: 'sandboxes:write' });
    expect(refusal(key({ scopes: ['sandboxes:write'] }), { scope: 'sandboxes:read' })).toBeNull();
    expect(refusal(key({ scopes: [] }), { scope: null })).toBeNull();
  });

  it.each<KeyType>(['user', 'live', 'test', 'admin', 'platform'])('of type %s are refused where a session is needed', (keyType) => {
    expect(refusal(key({ keyType, role: 'owner' }), { scope: null, credentials: 'jwt', minRole: 'admin' })).toMatchObject({
      reason: 'session_required',
    });
  });

  it('reach the backend of their purpose and no other', () => {
    const optimal = key({ purpose: 'optimal', scopes: ['llm:invoke'] });
    expect(refusal(optimal, { scope: 'llm:invoke' })).toBeNull();
    expect(refusal(optimal, { scope: null })).toMatchObject({ reason: 'wrong_purpose' });
    expect(refusal(key(), { scope: 'llm:invoke' })).toMatchObject({ reason: 'wrong_purpose' });
  });

  it('of users are limited by the role of their user', () => {
    expect(refusal(key({ keyType: 'user', role: 'viewer' }), { scope: 'sandboxes:write' })).toEqual({ required_role: 'member' });
    expect(refusal(key({ keyType: 'user', role: 'viewer' }), { scope: 'sandboxes:read' }, 'GET')).toBeNull();
    expect(refusal(key({ keyType: 'user', role: 'owner' }), { scope: null, userKeys: false })).toEqual({ reason: 'user_key' });
  });

  it('that are bound to a workspace cannot touch the organization', () => {
    const bound = key({ workspaceId: newUuid() as WorkspaceId });
    expect(refusal(bound, { scope: 'tenant:write' })).toEqual({ reason: 'workspace_bound_key' });
    expect(refusal(bound, { scope: 'workspaces:write' })).toBeNull();
  });
});

describe('sessions', () => {
  const ranks: Role[] = ['viewer', 'member', 'admin', 'owner'];
  it.each(ranks.flatMap((has) => ranks.map((needs) => [has, needs] as const)))('of a %s where %s is needed', (has, needs) => {
    const expected = ranks.indexOf(has) >= ranks.indexOf(needs) ? null : { required_role: needs };
    expect(refusal(user(has), { scope: 'sandboxes:write', minRole: needs })).toEqual(expected);
  });

  it('of viewers read and do not write, unless a route says otherwise', () => {
    expect(refusal(user('viewer'), { scope: 'sandboxes:read' }, 'GET')).toBeNull();
    expect(refusal(user('viewer'), { scope: 'sandboxes:write' }, 'POST')).toEqual({ required_role: 'member' });
  });

  it('do not open LLM routes', () => expect(refusal(user('owner'), { scope: 'llm:invoke' })).toMatchObject({ reason: 'wrong_purpose' }));
});

it('operator routes are for operators', () => {
  const access: Access = { scope: null, operator: true };
  for (const actor of [key(), key({ keyType: 'test' }), key({ keyType: 'user', role: 'owner' }), user('owner')]) {
    expect(refusal(actor, access)).toEqual({ required_role: 'operator' });
  }
  for (const actor of [key({ keyType: 'admin' }), key({ keyType: 'platform' }), user('admin', true)])
    expect(refusal(actor, access)).toBeNull();
});
