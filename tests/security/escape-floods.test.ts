import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiosaError, type Sandbox } from '@miosa/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, platform } from '../harness/context.ts';
import { request } from '../harness/request.ts';
import { bomb } from './escape/archives.ts';
import { ledger, sandboxOf } from './escape/tiers.ts';

const miosa = client();
const FLOODS = [
  'processes',
  'threads',
  'descriptors',
  'inodes',
  'disk',
  'shared memory',
  'shared memory files',
  'memory',
  'lookups',
  'terminals',
  'watches',
  'keys',
  'datagrams',
  'pipes',
  'connections',
  'output',
] as const;
/** What gVisor bounds by itself or by the same cgroups as a container's needs no second look. */
const HERE = {
  container: FLOODS,
  gvisor: ['processes', 'threads', 'descriptors', 'inodes', 'disk', 'shared memory', 'memory', 'output'],
} as const;
const SECONDS = 0.5;

let neighbour: Sandbox;
beforeAll(async () => {
  neighbour = await miosa.sandboxes.create();
});
afterAll(() => neighbour?.destroy());

/** What the neighbour and the control plane answer until `flood` has ended; at least once. Milliseconds are for reading only. */
const answersDuring = async (flood: Promise<unknown>): Promise<{ readonly exec: number[]; readonly health: number[] }> => {
  let over = false;
  flood.finally(() => {
    over = true;
  });
  const repeat = async (check: () => Promise<void>): Promise<number[]> => {
    const took: number[] = [];
    do {
      const began = performance.now();
      await check();
      took.push(performance.now() - began);
    } while (!over);
    return took;
  };
  const [exec, health] = await Promise.all([
    repeat(async () => expect(await neighbour.exec(['echo', 'fine'])).toMatchObject({ stdout: 'fine\n', exitCode: 0 })),
    repeat(async () => expect((await request(`${platform().apiUrl}/healthz`)).status).toBe(200)),
  ]);
  return { exec, health };
};

const shown = (took: readonly number[]): string => {
  const sorted = took.toSorted((a, b) => a - b);
  return `${Math.round(sorted[sorted.length >> 1] ?? 0)}/${Math.round(sorted.at(-1) ?? 0)} ms (${took.length})`;
};

describe.each(['container', 'gvisor'] as const)('a flood in a %s', (tier) => {
  const tally = ledger('floods', tier);
  let bad: Sandbox | null;
  beforeAll(async () => {
    bad = await sandboxOf(miosa, tier, { size: 'xs' });
    await bad?.files.write('/tmp/floods.py', readFileSync(join(import.meta.dirname, 'escape/floods.py')));
  });
  afterAll(async () => {
    await bad?.destroy();
    tally.close();
  });

  /** A sandbox may come to harm by what it does itself, and then says so. */
  const settled = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => {
      if (!(error instanceof MiosaError) || error.status === 422) throw error;
      return error.message;
    });
  /** Files are kept over it, and what was taken is given back. */
  const recovered = async (box: Sandbox): Promise<void> => {
    await settled(box.pause());
    await settled(box.resume());
    await expect
      .poll(
        async () =>
          settled(
            box.exec('rm -rf /workspace/flood* /dev/shm/flood* /workspace/zeros; echo back', { timeout: 30 }).then(({ stdout }) => stdout),
          ),
        { timeout: 20_000, interval: 200 },
      )
      .toBe('back\n');
  };

  it.each(HERE[tier])('of %s stays its own trouble: neighbour and control plane go on answering', async (kind) => {
    if (bad === null) return;
    const box = bad;
    tally.tried();
    const flood = settled(box.exec(['python3', '/tmp/floods.py', kind, String(SECONDS)], { timeout: 5 }));
    const { exec, health } = await answersDuring(flood);
    console.log(`  ${tier}, ${kind}: neighbour's exec ${shown(exec)}, healthz ${shown(health)} (median/worst)`);
    await recovered(box);
  });

  it('of an archive that unpacks to a thousand times its size stays below its disk', async () => {
    if (bad === null) return;
    const box = bad;
    tally.tried();
    const flood = settled(box.files.archive.set(bomb(), '/workspace/zeros'));
    await answersDuring(flood);
    const { stdout } = await box.exec('df --output=used -k / | tail -1');
    expect(Number(stdout)).toBeLessThan(box.diskSizeMb * 1024);
    await recovered(box);
  });
});
