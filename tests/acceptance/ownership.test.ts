import { expect, it } from 'vitest';
import { client, unique } from '../harness/context.ts';

const miosa = client();

it('makes one workspace and one project of 100 concurrent creates with one new external id', async () => {
  const externalWorkspaceId = unique('race');
  const bodies = Array.from({ length: 100 }, (_, index) => ({
    externalWorkspaceId,
    externalProjectId: 'p1',
    workspaceName: `Clinic ${index % 3}`,
    wait: false,
  }));
  const sandboxes = await Promise.all(bodies.map((body) => miosa.sandboxes.create(body)));
  expect(new Set(sandboxes.map(({ workspaceId }) => workspaceId)).size).toBe(1);
  expect(new Set(sandboxes.map(({ projectId }) => projectId)).size).toBe(1);
  await Promise.all(sandboxes.map((sandbox) => sandbox.destroy()));
});

it('lists by customer, project and end user, and gives an empty list for an unknown one', async () => {
  const externalWorkspaceId = unique('list');
  await using mine = await miosa.sandboxes.create({ externalWorkspaceId, externalUserId: 'u1' });
  await using other = await miosa.sandboxes.create({ externalWorkspaceId: unique('list'), externalUserId: 'u1' });
  const ids = async (filters: Parameters<typeof miosa.sandboxes.list>[0]) => {
    const found: string[] = [];
    for await (const sandbox of miosa.sandboxes.list(filters)) found.push(sandbox.id);
    return found;
  };
  expect(await ids({ externalWorkspaceId })).toEqual([mine.id]);
  expect(await ids({ workspaceId: mine.workspaceId })).toEqual([mine.id]);
  expect(await ids({ externalUserId: 'u1' })).toEqual(expect.arrayContaining([mine.id, other.id]));
  expect(await ids({ externalWorkspaceId: 'nobody' })).toEqual([]);
});

it('refuses selectors that contradict each other', async () => {
  const a = await miosa.workspaces.create({ name: unique('Clinic A') });
  const b = await miosa.workspaces.create({ name: unique('Clinic B') });
  await expect(miosa.sandboxes.create({ workspaceId: a.id, workspaceSlug: b.slug })).rejects.toMatchObject({
    status: 422,
    code: 'OWNERSHIP_CONFLICT',
  });
});

it('deletes a workspace with everything in it only when forced', async () => {
  const sandbox = await miosa.sandboxes.create({ externalWorkspaceId: unique('force') });
  await expect(miosa.workspaces.delete(sandbox.workspaceId)).rejects.toMatchObject({ code: 'NOT_EMPTY' });
  await miosa.workspaces.delete(sandbox.workspaceId, { force: true });
  expect(await miosa.sandboxes.get(sandbox.id)).toMatchObject({ state: 'destroyed', endedReason: 'workspace_deleted' });
});
