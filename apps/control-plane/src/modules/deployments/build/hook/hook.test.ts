import { createHmac } from 'node:crypto';
import { newId } from '@miosa/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../testing/world.ts';
import { isSigned } from './signature.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const commit = (digit: string): string => digit.repeat(40);
const push = (over: object = {}) => ({
  ref: 'refs/heads/main',
  after: commit('a'),
  head_commit: { message: 'New title\n\nand more' },
  repository: { default_branch: 'main', clone_url: 'https://elsewhere.example/evil.git' },
  ...over,
});

let count = 0;
const make = async (body: object = {}): Promise<{ id: string; secret: string }> => {
  count += 1;
  const request = {
    name: `Repository ${count}`,
    source_type: 'repo',
    repo_url: 'https://localhost:1/site.git',
    branch: 'main',
    auto_deploy: true,
  };
  const answer = await world.call('POST', '/deployments', { ...request, ...body });
  expect(answer.status, answer.text).toBe(201);
  return { id: answer.body.data.id, secret: answer.body.data.webhook_secret };
};

const send = (id: string, secret: string, body: object | Buffer, headers: Record<string, string> = {}) => {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const signature = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
  return world.call('POST', `/deployments/${id}/git-hook`, bytes, {
    as: 'nobody',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push', 'x-hub-signature-256': signature, ...headers },
  });
};

const builds = async (id: string) => (await world.call('GET', `/deployments/${id}/builds`)).body.data;

test('a push to the branch builds the deployment’s own repository at that commit', async () => {
  const { id, secret } = await make();
  const answer = await send(id, secret, push());
  expect([answer.status, answer.body.data]).toEqual([
    202,
    { success: true, ignored: null, version_id: expect.stringMatching(/^ver_/), build_id: expect.stringMatching(/^bld_/) },
  ]);
  expect(await builds(id)).toMatchObject([{ triggered_by: 'system:git-hook', commit_sha: commit('a'), commit_message: 'New title' }]);
  const { source } = await world.core.db.read
    .selectFrom('deployment_versions')
    .select('source')
    .where('deployment_id', '=', id)
    .executeTakeFirstOrThrow();
  expect(source).toEqual({ type: 'repo', url: 'https://localhost:1/site.git', branch: 'main', commit: commit('a') });
  await world.settle();
});

test('the same push again builds nothing, and one back to an earlier commit does', async () => {
  const { id, secret } = await make();
  const first = push();
  const answers = await Promise.all([send(id, secret, first), send(id, secret, first), send(id, secret, first)]);
  expect(answers.filter(({ body }) => body.data.ignored === null)).toHaveLength(1);
  await world.settle();
  expect((await send(id, secret, push({ before: commit('a'), after: commit('b') }))).body.data.ignored).toBeNull();
  await world.settle();
  expect((await send(id, secret, first)).body.data.ignored).toBe('this push was received already');
  expect((await send(id, secret, push({ before: commit('b') }))).body.data.ignored).toBeNull();
  expect(await builds(id)).toHaveLength(3);
  await world.settle();
});

describe('what asks for no build is told why', () => {
  test.each([
    ['another event', push(), { 'x-github-event': 'ping' }, /the event is ping/],
    ['another branch', push({ ref: 'refs/heads/other' }), {}, /another branch/],
    ['a tag', push({ ref: 'refs/tags/v1' }), {}, /no branch/],
    ['a deleted branch', push({ after: commit('0') }), {}, /deleted/],
    ['no object', Buffer.from('[]'), {}, /no branch/],
    ['no JSON', Buffer.from('payload=%7B%7D'), {}, /not JSON/],
    ['a commit that is none', push({ after: '--upload-pack=x' }), {}, /deleted/],
  ])('%s', async (_what, body, headers, why) => {
    const { id, secret } = await make();
    const answer = await send(id, secret, body, headers as Record<string, string>);
    expect([answer.status, answer.body.data.build_id]).toEqual([202, null]);
    expect(answer.body.data.ignored).toMatch(why);
    expect(await builds(id)).toEqual([]);
  });

  test('a deployment that does not follow its branch', async () => {
    const { id, secret } = await make({ auto_deploy: false });
    expect((await send(id, secret, push())).body.data.ignored).toMatch(/auto_deploy is off/);
  });
});

describe('without the right signature', () => {
  test('a deployment answers as one that does not exist', async () => {
    const [{ id, secret }, other] = [await make(), await make()];
    const plain = await world.call('POST', '/deployments', { name: 'No repository' });
    const deleted = await make();
    await world.call('DELETE', `/deployments/${deleted.id}`);
    const refused = await Promise.all([
      send(id, 'wrong', push()),
      send(id, other.secret, push()),
      send(id, secret, push(), { 'x-hub-signature-256': '' }),
      send(id, secret, push(), { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }),
      send(id, secret, push(), { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }),
      send(plain.body.data.id, '', push()),
      send(deleted.id, deleted.secret, push()),
      send(newId('dep'), secret, push()),
      send('site', secret, push()),
    ]);
    const shown = refused.map(({ status, body }) => [status, { ...body.error, request_id: '' }]);
    expect(new Set(shown.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(shown[0]).toMatchObject([403, { code: 'FORBIDDEN' }]);
    expect(await builds(id)).toEqual([]);
  });

  test('a body that is not what was signed is refused', () => {
    const header = `sha256=${createHmac('sha256', 's').update('body').digest('hex')}`;
    expect(isSigned('s', Buffer.from('body'), header)).toBe(true);
    expect(isSigned('s', Buffer.from('bodx'), header)).toBe(false);
    expect(isSigned(null, Buffer.from('body'), header)).toBe(false);
    expect(isSigned('s', Buffer.from('body'), undefined)).toBe(false);
  });

  test('a body is not read without end', async () => {
    const { id, secret } = await make();
    const answer = await send(id, secret, Buffer.alloc(1024 * 1024 + 1, 'x'));
    expect([answer.status, answer.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });
});
