import { Type } from 'typebox';
import { expect, it } from 'vitest';
import { documentationPage } from './docs-page.ts';
import { emitOpenApi } from './openapi.ts';
import { defineRoute, raw } from './route.ts';

const Pet = Type.Object({ id: Type.String(), name: Type.String({ description: 'A <b>name</b>' }) }, { $id: 'Pet' });
const list = defineRoute({
  id: 'pets.list',
  method: 'GET',
  path: '/pets',
  summary: 'List pets',
  access: { scope: 'pets:read' },
  query: Type.Object({ limit: Type.Integer({ default: 20 }), tag: Type.Optional(Type.String()) }),
  response: Pet,
  envelope: 'list',
  handler: async () => ({ items: [], nextCursor: null }),
});
const create = defineRoute({
  id: 'pets.create',
  method: 'POST',
  path: '/pets',
  summary: 'Make a pet',
  access: { scope: 'pets:write' },
  body: Type.Object({ pet: Pet }),
  response: Pet,
  status: 201,
  errors: ['NAME_TAKEN'],
  handler: async (_op, { body }) => body.pet,
});
const file = defineRoute({
  id: 'pets.file',
  method: 'GET',
  path: '/pets/{id}/files/{path...}',
  summary: 'File',
  access: 'public',
  response: 'raw',
  handler: async () => raw('', {}),
});
const hidden = defineRoute({
  id: 'pets.hidden',
  method: 'GET',
  path: '/internal/pets',
  summary: 'x',
  access: 'public',
  internal: true,
  response: Pet,
  handler: async () => ({ id: '', name: '' }),
});

type Doc = { paths: Record<string, Record<string, Record<string, unknown>>>; components: { schemas: Record<string, unknown> } };
const emit = (...routes: Parameters<typeof emitOpenApi>[0]): Doc => emitOpenApi(routes, { version: '1' }) as Doc;

it('writes named shapes once and refers to them', () => {
  const doc = emit(list, create);
  expect(doc.components.schemas.Pet).toMatchObject({ type: 'object' });
  expect(JSON.stringify(doc.paths)).toContain('{"data":{"type":"array","items":{"$ref":"#/components/schemas/Pet"}}');
});

it('does not depend on the order of declaration', () => {
  expect(JSON.stringify(emit(create, file, list))).toBe(JSON.stringify(emit(list, create, file)));
});

it('publishes the access rule, the errors and the idempotency header', () => {
  const op = emit(create).paths['/pets']?.post;
  expect(op?.['x-miosa-access']).toEqual({ scope: 'pets:write' });
  expect(op?.['x-miosa-errors']).toEqual(expect.arrayContaining(['NAME_TAKEN', 'IDEMPOTENCY_KEY_REUSED', 'FORBIDDEN']));
  expect(op?.parameters).toEqual([{ $ref: '#/components/parameters/IdempotencyKey' }]);
});

it('asks nobody to send what has a default', () => {
  expect(emit(list).paths['/pets']?.get?.parameters).toEqual([
    expect.objectContaining({ name: 'limit', required: false }),
    expect.objectContaining({ name: 'tag', required: false }),
  ]);
});

it('leaves internal routes out', () => expect(Object.keys(emit(hidden).paths)).toEqual([]));

it('refuses two routes with one id, and two shapes with one name', () => {
  expect(() => emit(list, { ...list, path: '/other' })).toThrow(/declared twice/);
  expect(() =>
    emit(list, { ...list, id: 'pets.other', path: '/other', response: Type.Object({ a: Type.String() }, { $id: 'Pet' }) }),
  ).toThrow(/named Pet/);
});

it('renders the reference page without scripts and with everything escaped', () => {
  const page = documentationPage(emit(list, create, file));
  expect(page).toContain('pets.create');
  expect(page).not.toMatch(/<script|<b>name/);
});
