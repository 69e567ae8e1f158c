import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { startPlatform } from '../../tests/harness/platform.ts';
import { benchMany } from './deployments/many.ts';
import { benchPublish, wakeFrom } from './deployments/publish.ts';
import { barsOf, type Results, textOf } from './deployments/report.ts';
import { benchThroughput } from './deployments/throughput.ts';
import { clientOf } from './sandboxes/target.ts';

const COUNT = 30;
const MANY = 10_000;
const WAKES = 10;
const SLEEP_SEC = 1;
const FILE = 'bench-deployments.json';

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

/**
 * `./miosa bench deployments [--count=30] [--many=10000] [--json[=file]]`: publishes and rollbacks through the public API until a visitor sees
 * them; the edge beside nginx and Caddy on the same files and the same app; wake-ups; many deployments. One run.
 */
export const benchDeployments = async (args: readonly string[]): Promise<void> => {
  const option = (name: string): string | undefined => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const count = Number(option('count') ?? COUNT);
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown CPU',
    memoryGiB: totalmem() / 2 ** 30,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
  const platform = await startPlatform({
    env: {
      MIOSA_EDGE_RATE: '0',
      MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off',
      MIOSA_CONTROL_PLANE_DEPLOYMENTS: JSON.stringify({ sleep_after_sec: SLEEP_SEC, drain_sec: 1 }),
    },
  });
  let results: Results;
  try {
    const miosa = clientOf(platform);
    say('publishes and rollbacks');
    const published = await benchPublish(miosa, platform.httpPort, count);
    say('throughput beside nginx and Caddy');
    const { rates, dynamic } = await benchThroughput(platform.httpPort, published.sandbox);
    say('wake-ups');
    const wakes = await wakeFrom(platform.httpPort, dynamic, WAKES, SLEEP_SEC);
    const many = Number(option('many') ?? MANY);
    if (many > 0) say(`${many} deployments`);
    const crowd = many > 0 ? await benchMany(platform, published.deployment, many) : null;
    results = {
      machine,
      samples: [...published.samples, wakes, ...(crowd?.samples ?? [])],
      rates,
      underLoad: published.underLoad,
      many: crowd,
    };
  } finally {
    await platform.stop();
  }
  process.stdout.write(`\n${textOf(results)}`);
  if (args.some((arg) => arg.startsWith('--json'))) {
    const file = option('json') ?? FILE;
    writeFileSync(file, `${JSON.stringify({ ...results, bars: barsOf(results) }, null, 1)}\n`);
    process.stdout.write(`\nresults as JSON: ${file}\n`);
  }
};
