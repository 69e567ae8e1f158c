import { format, percentile, type Sample } from '../stats.ts';
import type { ManyResults } from './many.ts';
import type { PublishResults } from './publish.ts';
import type { Rate } from './throughput.ts';

export interface Results {
  readonly machine: { readonly cpus: number; readonly model: string; readonly memoryGiB: number; readonly loadBefore: number };
  readonly samples: readonly Sample[];
  readonly rates: readonly Rate[];
  readonly underLoad: PublishResults['underLoad'];
  readonly many: ManyResults | null;
}

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly sign: '≤' | '≥';
  readonly unit: string;
  readonly met: boolean;
}

/** What the project measures itself by (issue and ANCHORS); NaN where nothing was measured, which is not met. */
export const barsOf = (results: Results): readonly Bar[] => {
  const at = (start: string, p: number): number => percentile(results.samples.find(({ name }) => name.startsWith(start))?.ms ?? [], p);
  const rate = (name: string): number => percentile(results.rates.find((one) => one.name === name)?.perSecond ?? [], 50);
  const p95 = (name: string, start: string, limit: number) => ({ name, value: at(start, 95), limit, sign: '≤', unit: 'ms' }) as const;
  const ratio = (name: string, value: number, limit: number) => ({ name, value, limit, sign: '≥', unit: '×' }) as const;
  const bars: readonly Omit<Bar, 'met'>[] = [
    p95('publish, 5 of 1000 changed → live, p95', 'publish, 5', 500),
    p95('first publish, 1000 files, p95', 'first publish', 2000),
    p95('rollback, p95', 'rollback', 50),
    {
      name: `failed requests through ${results.underLoad.changes} changes`,
      value: results.underLoad.failed,
      limit: 0,
      sign: '≤',
      unit: '',
    },
    ...['/small.js', '/large.js'].flatMap((path) => [
      ratio(`static ${path}: Caddy`, rate(`edge ${path}`) / rate(`Caddy ${path}`), 1),
      ratio(`static ${path}: nginx`, rate(`edge ${path}`) / rate(`nginx ${path}`), 0.6),
    ]),
    ratio('proxied: Caddy', rate('edge → app') / rate('Caddy → app'), 1),
    p95('wake from zero, p95', 'wake from zero', 300),
    ...(results.many === null
      ? []
      : [
          {
            name: `visit with ${results.many.count} known : with few, p50`,
            value: percentile(results.many.samples[1]?.ms ?? [], 50) / percentile(results.many.samples[0]?.ms ?? [], 50),
            limit: 1.5,
            sign: '≤',
            unit: '×',
          } as const,
        ]),
  ];
  return bars.map((bar) => ({ ...bar, met: bar.sign === '≤' ? bar.value <= bar.limit : bar.value >= bar.limit }));
};

const row = (name: string, ...columns: readonly string[]): string =>
  `${name.padEnd(46)}${columns.map((text) => text.padStart(10)).join('')}\n`;

/** The tables of one run, for people. */
export const textOf = (results: Results): string => {
  const { machine, many, underLoad } = results;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return [
    `${machine.cpus} × ${machine.model}, ${machine.memoryGiB.toFixed(0)} GiB, load ${machine.loadBefore.toFixed(2)} before the run\n\n`,
    row('milliseconds', 'p50', 'p95', 'n'),
    ...results.samples.map(({ name, ms }) => row(name, format(percentile(ms, 50)), format(percentile(ms, 95)), String(ms.length))),
    '\n',
    row('requests a second', 'p50', 'lowest', 'n'),
    ...results.rates.map(({ name, perSecond }) =>
      row(name, percentile(perSecond, 50).toFixed(0), Math.min(...perSecond).toFixed(0), String(perSecond.length)),
    ),
    '\n',
    `${underLoad.changes} publishes and rollbacks under load: ${underLoad.requests} requests, ${underLoad.failed} failed\n`,
    many === null
      ? ''
      : `${many.count} deployments: edge ${mib(many.bytesBefore)} → ${mib(many.bytesAfter)} MiB, serves ${format(many.startMs)} ms after it was killed\n`,
    '\n',
    row('bar', 'measured', 'bar', ''),
    ...barsOf(results).map(({ name, value, sign, limit, unit, met }) =>
      row(name, format(value), `${sign} ${limit}`, unit.padEnd(6), Number.isNaN(value) ? 'not run' : met ? 'met' : 'MISSED'),
    ),
  ].join('');
};
