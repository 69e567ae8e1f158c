import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world?.close());

const project = async (name: string): Promise<string> => (await world.call('POST', '/projects', { name })).body.data.id;
const deploy = async (project_id: string): Promise<string> =>
  (await world.call('POST', '/deployments', { name: 'Site', project_id })).body.data.id;
const primary = async (id: string): Promise<string | null> => (await world.call('GET', `/projects/${id}`)).body.data.primary_deployment_id;
const choose = (id: string, primary_deployment_id: string | null) => world.call('PATCH', `/projects/${id}`, { primary_deployment_id });

test('the first deployment stands for its project, until another one is chosen or it is deleted', async () => {
  const [id, elsewhere] = [await project('One'), await project('Two')];
  expect(await primary(id)).toBeNull();
  const first = await deploy(id);
  expect(await primary(id)).toBe(first);
  world.advance(1000);
  const second = await deploy(id);
  const third = await deploy(id);
  expect(await primary(id)).toBe(first);
  expect((await choose(id, third)).body.data.primary_deployment_id).toBe(third);
  await world.call('PATCH', `/projects/${id}`, { name: 'Renamed' });
  expect(await primary(id)).toBe(third);
  await world.call('DELETE', `/deployments/${third}`);
  expect(await primary(id)).toBe(first);
  await choose(id, second);
  expect((await choose(id, null)).body.data.primary_deployment_id).toBe(first);
  const { data } = (await world.call('GET', '/projects')).body;
  const shown = new Map(data.map((one: { id: string; primary_deployment_id: string | null }) => [one.id, one.primary_deployment_id]));
  expect([shown.get(id), shown.get(elsewhere)]).toEqual([first, null]);
});

test('only a living deployment of the project can be chosen, and nobody learns what else there is', async () => {
  const [id, elsewhere] = [await project('Three'), await project('Four')];
  const [own, gone, foreign] = [await deploy(id), await deploy(id), await deploy(elsewhere)];
  await world.call('DELETE', `/deployments/${gone}`);
  const answers = await Promise.all(['dep_none', 'x', gone, foreign].map((one) => choose(id, one)));
  const told = answers.map(({ status, body }) => [status, body.error.code, body.error.message]);
  expect(told[0]?.slice(0, 2)).toEqual([422, 'VALIDATION_ERROR']);
  expect(new Set(told.map(String)).size).toBe(1);
  expect(await primary(id)).toBe(own);
});
