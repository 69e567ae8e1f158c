import { format, percentile, type Sample } from '../stats.ts';
import type { Throughput } from './commands.ts';
import type { Burst } from './create.ts';
import type { Live } from './live.ts';

export interface Results {
  readonly machine: { readonly cpus: number; readonly model: string; readonly memoryGiB: number; readonly loadBefore: number };
  readonly samples: readonly Sample[];
  readonly throughput: readonly Throughput[];
  readonly bursts: Readonly<Record<'cold' | 'warm', Burst>>;
  readonly idleBytes: readonly number[];
  readonly live: Live | null;
  readonly warmHits: { readonly of: number; readonly warm: number };
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** `≤`: the value is to be no more; `≥`: no less. */
  readonly sign: '≤' | '≥';
  readonly unit: 'ms' | 'MiB' | 'MiB/s' | '×' | '';
  readonly met: boolean;
}

const find = (results: Results, name: string): readonly number[] => results.samples.find((one) => one.name === name)?.ms ?? [];
const p50 = (results: Results, name: string): number => percentile(find(results, name), 50);
const p95 = (results: Results, name: string): number => percentile(find(results, name), 95);

export const COLD = 'create → first exec, cold';
export const WARM = 'create → first exec, warm';

/** What the project measures itself by (issue and ANCHORS); NaN where nothing was measured, which is not met. */
export const barsOf = (results: Results): readonly Bar[] => {
  const rate = (at: number): number => percentile(results.throughput[at]?.mibPerSecond ?? [], 50);
  const { cold, warm } = results.bursts;
  const added = p50(results, 'preview through the edge') - p50(results, 'the same app on loopback');
  const bars: readonly Omit<Bar, 'met'>[] = [
    { name: 'create → first exec, cold, p50', value: p50(results, COLD), limit: 25, sign: '≤', unit: 'ms' },
    { name: 'create → first exec, cold, p95 : p50', value: p95(results, COLD) / p50(results, COLD), limit: 2, sign: '≤', unit: '×' },
    { name: 'create → first exec, warm, p50', value: p50(results, WARM), limit: 8, sign: '≤', unit: 'ms' },
    { name: 'create → first exec, warm, p95 : p50', value: p95(results, WARM) / p50(results, WARM), limit: 2, sign: '≤', unit: '×' },
    { name: `burst of ${cold.count}, no pool, wall`, value: cold.wallMs, limit: 1500, sign: '≤', unit: 'ms' },
    { name: `burst of ${warm.count}, pool, wall`, value: warm.wallMs, limit: 1500, sign: '≤', unit: 'ms' },
    { name: 'bursts, good ones', value: (cold.good + warm.good) / (cold.count + warm.count), limit: 1, sign: '≥', unit: '' },
    { name: 'exec, p50', value: p50(results, 'exec'), limit: 3, sign: '≤', unit: 'ms' },
    { name: 'exec stream, first byte, p50', value: p50(results, 'exec stream, first byte'), limit: 3, sign: '≤', unit: 'ms' },
    { name: 'terminal, keystroke → echo, p50', value: p50(results, 'terminal, keystroke → echo'), limit: 2, sign: '≤', unit: 'ms' },
    { name: 'write 100 MiB, p50', value: rate(0), limit: 500, sign: '≥', unit: 'MiB/s' },
    { name: 'read 100 MiB, p50', value: rate(1), limit: 500, sign: '≥', unit: 'MiB/s' },
    { name: 'snapshot, 200 MiB, p50', value: p50(results, 'snapshot, 200 MiB'), limit: 200, sign: '≤', unit: 'ms' },
    { name: 'fork, 200 MiB, p50', value: p50(results, 'fork, 200 MiB'), limit: 200, sign: '≤', unit: 'ms' },
    { name: 'restore as new, 200 MiB, p50', value: p50(results, 'restore as new, 200 MiB'), limit: 200, sign: '≤', unit: 'ms' },
    { name: 'wake on HTTP, p95', value: p95(results, 'wake on HTTP, paused'), limit: 100, sign: '≤', unit: 'ms' },
    { name: 'edge, added to a preview, p50', value: added, limit: 1, sign: '≤', unit: 'ms' },
    { name: 'idle sandbox, its control group, p50', value: percentile(results.idleBytes, 50) / 2 ** 20, limit: 3, sign: '≤', unit: 'MiB' },
    { name: 'destroy, p50', value: p50(results, 'destroy'), limit: 50, sign: '≤', unit: 'ms' },
    ...(results.live === null
      ? []
      : [
          {
            name: `create with ${results.live.count} live : on an empty host`,
            value: percentile(results.live.create.ms, 50) / p50(results, COLD),
            limit: 2,
            sign: '≤',
            unit: '×',
          } as const,
        ]),
    {
      name: 'docker run + exec : create → first exec, cold',
      value: p50(results, 'docker run + docker exec') / p50(results, COLD),
      limit: 20,
      sign: '≥',
      unit: '×',
    },
    {
      name: 'docker run + exec : create → first exec, warm',
      value: p50(results, 'docker run + docker exec') / p50(results, WARM),
      limit: 20,
      sign: '≥',
      unit: '×',
    },
    { name: 'docker exec : exec', value: p50(results, 'docker exec') / p50(results, 'exec'), limit: 20, sign: '≥', unit: '×' },
  ];
  return bars.map((bar) => ({ ...bar, met: bar.sign === '≤' ? bar.value <= bar.limit : bar.value >= bar.limit }));
};

const row = (name: string, ...columns: readonly string[]): string =>
  `${name.padEnd(46)}${columns.map((text) => text.padStart(10)).join('')}\n`;

/** The tables of one run, for people. */
export const textOf = (results: Results): string => {
  const { machine, live } = results;
  const lines = [
    `${machine.cpus} × ${machine.model}, ${machine.memoryGiB.toFixed(0)} GiB, load ${machine.loadBefore.toFixed(2)} before the run\n\n`,
    row('milliseconds', 'p50', 'p95', 'n'),
    ...results.samples.map(({ name, ms }) => row(name, format(percentile(ms, 50)), format(percentile(ms, 95)), String(ms.length))),
    '\n',
    row('MiB/s', 'p50', 'lowest', 'n'),
    ...results.throughput.map(({ name, mibPerSecond: rates }) =>
      row(name, format(percentile(rates, 50)), format(Math.min(...rates)), String(rates.length)),
    ),
    '\n',
    `warm starts: ${results.warmHits.warm} of ${results.warmHits.of}\n`,
    live === null
      ? ''
      : `${live.count} live at once: filled in ${format(live.fillMs)} ms, ${(live.hostBytesEach / 2 ** 20).toFixed(2)} MiB of the host each, emptied in ${format(live.emptyMs)} ms\n`,
    `ratio to bare crun run: cold ${(p50(results, COLD) / p50(results, 'bare crun run')).toFixed(2)} ×, warm ${(p50(results, WARM) / p50(results, 'bare crun run')).toFixed(2)} ×\n\n`,
    row('bar', 'measured', 'bar', ''),
    ...barsOf(results).map(({ name, value, sign, limit, unit, met }) =>
      row(name, format(value), `${sign} ${limit}`, unit.padEnd(6), Number.isNaN(value) ? 'not run' : met ? 'met' : 'MISSED'),
    ),
  ];
  return lines.join('');
};
