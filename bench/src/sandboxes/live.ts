import { readFileSync } from 'node:fs';
import type { Miosa, Sandbox } from '@miosa/sdk';
import { type Sample, timed } from '../stats.ts';
import { createAndExec, destroyAll, inParallel } from './target.ts';

const availableBytes = (): number => Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? Number.NaN) * 1024;

export interface Live {
  readonly count: number;
  readonly fillMs: number;
  readonly emptyMs: number;
  /** What the host lost to each, everything included (kernel structures too). */
  readonly hostBytesEach: number;
  readonly create: Sample;
}

/** Many sandboxes at once, then create and first exec of one more, over and over. */
export const benchLive = async (miosa: Miosa, count: number, samples: number): Promise<Live> => {
  const before = availableBytes();
  const live: Sandbox[] = [];
  const fill = await timed(() =>
    inParallel(
      Array.from({ length: count }, (_, index) => index),
      8,
      async () => live.push(await createAndExec(miosa)),
    ),
  );
  const hostBytesEach = (before - availableBytes()) / count;
  const ms: number[] = [];
  for (let index = 0; index < samples; index++) {
    const run = await timed(() => createAndExec(miosa));
    ms.push(run.ms);
    await run.value.destroy();
  }
  // All of them, not only the newest.
  await inParallel(live, 8, async (sandbox) => {
    const { stdout } = await sandbox.exec(['/bin/echo', sandbox.id]);
    if (stdout.trim() !== sandbox.id) throw new Error(`${sandbox.id} did not answer`);
  });
  const emptied = await timed(() => destroyAll(live));
  return { count, fillMs: fill.ms, emptyMs: emptied.ms, hostBytesEach, create: { name: `create → first exec, ${count} live`, ms } };
};
