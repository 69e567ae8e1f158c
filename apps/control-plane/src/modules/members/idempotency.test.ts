import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, createMembersInstallation, type MembersInstallation } from './testing/members.ts';

/** Contract 1.4 with callers who must not see each other's secrets. */
let t: MembersInstallation;
beforeAll(async () => {
  t = await createMembersInstallation();
});
afterAll(() => t.close());

const SAME = { 'idempotency-key': 'guessed-or-read-somewhere' };

describe('an answer that is remembered', () => {
  it('for one member is not replayed to another: no session is taken over', async () => {
    const [a, b] = [await t.addUser('member'), await t.addUser('member')];
    const path = `/platform/tenants/${t.tenantId}/switch`;
    const first = await t.as(a.token)('POST', path, undefined, SAME);
    const other = await t.as(b.token)('POST', path, undefined, SAME);
    expect([first.status, other.status, codeOf(other)]).toEqual([200, 422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(JSON.stringify(other.body)).not.toContain(first.body.data.token);
    expect((await t.as(a.token)('POST', path, undefined, SAME)).body).toEqual(first.body);
  });

  it('with the plaintext of a key is for who minted it, and for the other server keys of the organization', async () => {
    const [admin, member] = [await t.addUser('admin'), await t.addUser('member')];
    const body = { name: 'minted', key_type: 'live' };
    const minted = await t.as(admin.token)('POST', '/api-keys', body, { 'idempotency-key': 'mint' });
    expect(minted.status).toBe(201);
    expect((await t.as(member.token)('POST', '/api-keys', body, { 'idempotency-key': 'mint' })).status).toBe(422);

    const [one, two] = [minted.body.data.key, (await t.as(admin.token)('POST', '/api-keys', body)).body.data.key];
    const workspaceId = await t.workspace('Bound');
    const bound = (await t.as(admin.token)('POST', '/api-keys', { ...body, workspace_id: workspaceId })).body.data.key;
    const made = await t.as(one)('POST', '/projects', { name: 'Once' }, { 'idempotency-key': 'rotated' });
    expect((await t.as(two)('POST', '/projects', { name: 'Once' }, { 'idempotency-key': 'rotated' })).body).toEqual(made.body);
    expect((await t.as(bound)('POST', '/projects', { name: 'Once' }, { 'idempotency-key': 'rotated' })).status).toBe(422);
  });

  it('at one address is not the answer of another', async () => {
    const { token } = await t.addUser('admin');
    const workspaces = [await t.workspace('One'), await t.workspace('Two')];
    const { id } = await t.addUser('viewer');
    const answers = [];
    for (const workspace of workspaces) {
      answers.push(await t.as(token)('POST', `/workspaces/${workspace}/members`, { user_id: id }, { 'idempotency-key': 'add' }));
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 422]);
  });
});
