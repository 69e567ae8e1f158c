import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operations } from '../matrix/document.ts';
import { fillPath, idParameters, makeParameters, targetOf } from '../matrix/fixtures.ts';
import { createOrganization, type Organization } from '../matrix/organization.ts';
import { requestFor } from '../matrix/requests.ts';
import { harm, sendRaw } from './raw.ts';
import { replayable } from './replay.ts';

let plane: TestControlPlane;
let mine: Organization;
let key: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  mine = await createOrganization(plane);
  key = (await mine.key({ type: 'live' })).bearer;
}, 60_000);
afterAll(() => plane?.close());

const context = () => ({ organization: mine, caller: { as: 'nobody' }, project: 'home' }) as const;

/** Bytes of a path segment, escaped one by one: NUL, slashes, dots and broken UTF-8 included. */
const escaped = fc
  .uint8Array({ minLength: 1, maxLength: 80 })
  .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
const segments = fc.oneof(
  escaped,
  fc.string({ minLength: 1, maxLength: 200 }).map((value) => encodeURIComponent(value.toWellFormed())),
  fc.constantFrom(
    '%',
    '%zz',
    '%00',
    '..%2f..%2fetc',
    "'%20or%201=1--",
    '*',
    'null',
    'NaN',
    '-1',
    '0',
    '%E2%80%AE',
    'sbx_',
    `sbx_${'0'.repeat(26)}`,
    'a'.repeat(3000),
    '00000000-0000-0000-0000-000000000000',
  ),
);

it('answers any id that is nobody’s with a plain refusal', async () => {
  const asked = operations().filter(
    ({ path, access }) => access !== 'public' && idParameters(path).length > 0 && targetOf(path) !== 'installation',
  );
  const kept = new Map<string, Promise<Record<string, string>>>();
  const own = (path: string): Promise<Record<string, string>> => {
    const noun = path.slice(0, path.lastIndexOf('}') + 1);
    const known = kept.get(noun) ?? makeParameters(path, { organization: mine, project: 'home' });
    kept.set(noun, known);
    return known;
  };
  const cases = asked.flatMap((operation) => idParameters(operation.path).map((parameter) => ({ operation, parameter })));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...cases), segments, async ({ operation, parameter }, segment) => {
      const marked = { ...(await own(operation.path)), [parameter]: 'FUZZED' };
      const { method, headers, path, body } = await requestFor(operation, marked, context());
      const pairs = [['authorization', `Bearer ${key}`], ...Object.entries(headers)] as [string, string][];
      const answer = await sendRaw(plane.socketPath, {
        method,
        path: path.replace('FUZZED', segment),
        headers: pairs,
        ...(body === undefined ? {} : { body }),
      });
      const where = `${operation.id} ${fillPath(operation.path, marked)} ${segment}`;
      expect([where, harm(answer), [400, 403, 404, 405, 414, 422].includes(answer.status)]).toEqual([where, null, true]);
    }),
    replayable(400),
  );
});

/** The fake host runs commands on this machine: what would be run is not left to chance. */
const RUNS = /^(sandboxes\.(exec|exec\.stream|run|processes\.start)|templates\.(create|update))$/;

it('answers any JSON where another was meant without falling over', async () => {
  const asked = operations().filter(({ id, body, access }) => body?.type === 'json' && !RUNS.test(id) && access !== 'public');
  const spare = await createOrganization(plane);
  const bearer = (await spare.key({ type: 'live' })).bearer;
  const kept = new Map<string, Promise<Record<string, string>>>();
  const inSpare = { ...context(), organization: spare };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...asked), fc.nat(), fc.jsonValue(), fc.boolean(), async (operation, pick, value, whole) => {
      const parameters = kept.get(operation.path) ?? makeParameters(operation.path, { organization: spare, project: 'home' });
      kept.set(operation.path, parameters);
      const { method, path, body = '{}' } = await requestFor(operation, await parameters, inSpare);
      const least = JSON.parse(body) as Record<string, unknown>;
      const schema = operation.body?.type === 'json' ? operation.body.schema : {};
      const names = [...new Set([...Object.keys(least), ...Object.keys(schema.properties ?? {})])];
      const changed = whole ? value : { ...least, [names[pick % Math.max(1, names.length)] ?? 'x']: value };
      const headers = [
        ['authorization', `Bearer ${bearer}`],
        ['content-type', 'application/json'],
      ] as const;
      const answer = await sendRaw(plane.socketPath, { method, path, headers, body: JSON.stringify(changed) });
      expect([operation.id, changed, harm(answer)]).toEqual([operation.id, changed, null]);
    }),
    replayable(400),
  );
});

it('answers any query without falling over', async () => {
  const lists = operations().filter(
    ({ method, path, query }) => method === 'GET' && !path.includes('{') && !path.endsWith('/stream') && query.length > 0,
  );
  const values = fc.oneof(
    escaped,
    fc.string({ maxLength: 100 }).map((value) => encodeURIComponent(value.toWellFormed())),
    fc.constantFrom('', '-1', '1e309', '9'.repeat(40), '2026-13-45', 'Infinity', '[]', '{}'),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...lists), fc.nat(), values, async ({ path, query }, pick, value) => {
      const name = query[pick % query.length]?.name ?? 'x';
      const answer = await sendRaw(plane.socketPath, {
        path: `/api/v1${path}?${name}=${value}`,
        headers: [['authorization', `Bearer ${key}`]],
      });
      expect([path, name, value, harm(answer)]).toEqual([path, name, value, null]);
    }),
    replayable(),
  );
});
