import { afterAll, beforeAll, expect, it } from 'vitest';
import { note } from '../harness/notes.ts';
import { memoryOf } from './books.ts';
import { type Broken, startBreakable } from './fixture.ts';
import { seeOf, siteOf } from './published.ts';
import { inBatches } from './steps/rows.ts';
import { visitPlain } from './visit.ts';

const VERSIONS = 1000;
const AT_ONCE = 4;

let broken: Broken;
beforeAll(async () => {
  broken = await startBreakable();
});
afterAll(() => broken?.platform.stop());

it('a deployment of 1,000 versions publishes, lists, goes back to its first and shows any by its own address', async () => {
  const { miosa, platform } = broken;
  const { deployments } = miosa;
  const made = await deployments.create({ name: 'busy', sourceType: 'upload', externalWorkspaceId: 'clinic' });
  const shows = (text: string) =>
    expect.poll(async () => (await seeOf(platform, made)).body, { timeout: 40_000, interval: 20 }).toBe(`<h1>${text}</h1>`);
  const before = memoryOf(platform.pid('edge'));
  const begun = performance.now();
  await deployments.versions.upload(made.id, siteOf('first'));
  // A few contents again and again: what is new in each is the version.
  await inBatches([...Array(VERSIONS - 2).keys()], AT_ONCE, (at) => deployments.versions.upload(made.id, siteOf(`one of ${at % 20}`)));
  await deployments.versions.upload(made.id, siteOf('last'));
  await shows('last');
  const took = performance.now() - begun;

  const numbers: number[] = [];
  let first: { id: string; url: string } | undefined;
  for await (const version of deployments.versions.list(made.id)) {
    numbers.push(version.versionNumber);
    if (version.versionNumber === 1) first = version;
  }
  expect(numbers).toEqual(Array.from({ length: VERSIONS }, (_, at) => VERSIONS - at));
  if (first === undefined) throw new Error('the first version is not listed');

  const host = new URL(first.url).hostname;
  const staged = await visitPlain(`http://${host}:${platform.httpPort}/`, {});
  expect([staged.status, staged.body]).toEqual([200, '<h1>first</h1>']);
  const goesBack = performance.now();
  await deployments.rollback(made.id, { versionId: first.id });
  const back = performance.now() - goesBack;
  await shows('first');
  const grown = Math.round((memoryOf(platform.pid('edge')) - before) / 2 ** 20);
  note(
    `${VERSIONS} versions of one deployment: published in ${Math.round(took / 1000)} s, back to the first in ${Math.round(back)} ms, edge + ${grown} MiB`,
  );
}, 400_000);
