import { performance } from 'node:perf_hooks';
import { startTestControlPlane, type TestControlPlane } from '@miosa/control-plane/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Operation, operations } from './document.ts';
import { fillPath, idParameters, makeParameters, targetOf } from './fixtures.ts';
import { type Credential, createOrganization, credentialHeaders, type Organization } from './organization.ts';
import { requestFor } from './requests.ts';

/** What exists next door is answered as what exists nowhere. */
let plane: TestControlPlane;
let mine: Organization;
let theirs: Organization;
beforeAll(async () => {
  plane = await startTestControlPlane();
  [mine, theirs] = [await createOrganization(plane), await createOrganization(plane)];
}, 60_000);
afterAll(() => plane?.close());

interface Question {
  readonly operation: Operation;
  /** The path parameter that is not the caller's; those before it are. */
  readonly parameter: string;
  readonly foreign: Readonly<Record<string, string>>;
  readonly absent: Readonly<Record<string, string>>;
}

const credentialFor = ({ access }: Operation): Promise<Credential> =>
  access !== 'public' && access.credentials === 'jwt' ? mine.credential('owner') : mine.key({ type: 'live' });

/** Of the same form, but nobody's. */
const nobodys = (id: string): string => `${id.slice(0, -6)}${id.endsWith('0') ? '1' : '0'}00000`;

const kept = new Map<string, Promise<Record<string, string>>>();
const fixtures = (organization: Organization, path: string): Promise<Record<string, string>> => {
  const key = `${organization.id} ${path.slice(0, path.lastIndexOf('}') + 1)}`;
  const known = kept.get(key) ?? makeParameters(path, { organization, project: 'home' });
  kept.set(key, known);
  return known;
};

const questions = async (): Promise<Question[]> => {
  const asked = operations().filter(({ path, access }) => access !== 'public' && idParameters(path).length > 0);
  const all: Question[] = [];
  for (const operation of asked.filter(({ path }) => targetOf(path) !== 'installation')) {
    const [own, other] = [await fixtures(mine, operation.path), await fixtures(theirs, operation.path)];
    for (const parameter of idParameters(operation.path)) {
      const id = other[parameter] ?? '';
      all.push({ operation, parameter, foreign: { ...own, [parameter]: id }, absent: { ...own, [parameter]: nobodys(id) } });
    }
  }
  return all;
};

const ask = async ({ operation }: Question, parameters: Readonly<Record<string, string>>) => {
  const context = { organization: mine, caller: { as: 'nobody' }, project: 'home' } as const;
  const { headers, ...request } = await requestFor(operation, parameters, context);
  const credential = credentialHeaders(await credentialFor(operation));
  return { ...request, headers: { ...headers, ...credential, 'x-request-id': 'req_same_for_both' } };
};

const headersOf = ({ headers }: { readonly headers: object }) => ({ ...headers, date: '' });

it('answers foreign and absent ids with the same bytes', async () => {
  const all = await questions();
  console.log(`absent: ${all.length} path parameters, each with a foreign and an absent id`);
  expect(all.length).toBeGreaterThan(50);
  for (const question of all) {
    const foreign = await plane.send(await ask(question, question.foreign));
    const absent = await plane.send(await ask(question, question.absent));
    const where = `${question.operation.id} ${question.parameter} ${fillPath(question.operation.path, question.foreign)}`;
    expect([where, foreign.status, foreign.text]).toEqual([where, 404, absent.text]);
    expect([where, headersOf(foreign)]).toEqual([where, headersOf(absent)]);
  }
}, 120_000);

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Share of pairs in which the foreign id took longer: 0.5 when nothing can be told from one answer's time. */
const longer = (foreign: readonly number[], absent: readonly number[]): number =>
  foreign.reduce((sum, f) => sum + absent.reduce((n, a) => n + (f > a ? 1 : 0), 0), 0) / (foreign.length * absent.length);

it('measures how long foreign and absent ids take; the numbers are for people to judge', async () => {
  const rounds = Number(process.env.MIOSA_TEST_TIMING_ROUNDS ?? 12);
  const all = await questions();
  const times = { foreign: [] as number[], absent: [] as number[] };
  const timed = async (question: Question, which: 'foreign' | 'absent'): Promise<number> => {
    const request = await ask(question, question[which]);
    const began = performance.now();
    await plane.send(request);
    return performance.now() - began;
  };
  const ratios: number[] = [];
  for (const question of all) {
    const own = { foreign: [] as number[], absent: [] as number[] };
    for (let i = 0; i < rounds; i++) {
      for (const which of i % 2 === 0 ? (['foreign', 'absent'] as const) : (['absent', 'foreign'] as const))
        own[which].push(await timed(question, which));
    }
    ratios.push(median(own.foreign) / median(own.absent));
    times.foreign.push(...own.foreign);
    times.absent.push(...own.absent);
  }
  ratios.sort((a, b) => a - b);
  const at = (share: number): string => (ratios[Math.floor((ratios.length - 1) * share)] ?? 0).toFixed(2);
  const [f, a] = [median(times.foreign), median(times.absent)];
  console.log(
    `timing of 404: median foreign ${f.toFixed(2)} ms, absent ${a.toFixed(2)} ms, ratio ${(f / a).toFixed(3)}; ` +
      `ratio per parameter p5 ${at(0.05)}, p50 ${at(0.5)}, p95 ${at(0.95)}; foreign takes longer in ${(longer(times.foreign, times.absent) * 100).toFixed(1)}% of pairs`,
  );
  expect(times.foreign.length).toBe(all.length * rounds);
}, 300_000);
