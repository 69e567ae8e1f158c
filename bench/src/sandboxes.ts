import { readlinkSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { startPlatform, type TestPlatform } from '../../tests/harness/platform.ts';
import { benchCommands, benchFiles } from './sandboxes/commands.ts';
import { benchBurst, benchCreate } from './sandboxes/create.ts';
import { benchCrun } from './sandboxes/crun.ts';
import { benchDocker } from './sandboxes/docker.ts';
import { benchLive } from './sandboxes/live.ts';
import { benchPreview } from './sandboxes/preview.ts';
import { barsOf, COLD, type Results, textOf, WARM } from './sandboxes/report.ts';
import { benchSnapshots } from './sandboxes/snapshots.ts';
import { clientOf } from './sandboxes/target.ts';

const COUNT = 50;
const BURST = 100;
const LIVE = 1000;
/** Between two warm creates: a pool refills one at a time, behind whatever is asked for. */
const REFILL_MS = 250;
const FILE = 'bench-sandboxes.json';

/** The same app as in the sandbox, on loopback of this host. */
const directServer = async () => {
  const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      get({ port, host: '127.0.0.1' }, (response) => response.resume().once('end', () => resolve())).once('error', reject);
    });
  return { ask, close: () => server.close() };
};

const say = (text: string): void => void process.stderr.write(`${text} …\n`);

const onPlatform = async <T>(env: Readonly<Record<string, string>>, measure: (platform: TestPlatform) => Promise<T>): Promise<T> => {
  const platform = await startPlatform({ env: { MIOSA_EDGE_RATE: '0', MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off', ...env } });
  try {
    return await measure(platform);
  } finally {
    await platform.stop();
  }
};

/** Without a pool: each sandbox is booted when it is asked for. */
const measureCold = (count: number, live: number) =>
  onPlatform({ MIOSA_WARM_POOL: '0' }, async (platform) => {
    const miosa = clientOf(platform);
    say('cold creates');
    const created = await benchCreate(miosa, { name: COLD, path: 'cold', count, restMs: 0 });
    say('commands and files');
    const sandbox = await miosa.sandboxes.create({});
    const commands = await benchCommands(sandbox, count);
    const throughput = await benchFiles(sandbox, 10);
    await sandbox.destroy();
    say('snapshots, forks, restores');
    const snapshots = await benchSnapshots(miosa, 10);
    say('previews and wake-ups');
    const direct = await directServer();
    const preview = await benchPreview(platform, miosa, count * 10, direct.ask).finally(direct.close);
    say(`burst of ${BURST}`);
    const burst = await benchBurst(miosa, BURST);
    if (live > 0) say(`${live} live at once`);
    const many = live > 0 ? await benchLive(miosa, live, count) : null;
    return { created, commands, throughput, snapshots, preview, burst, live: many };
  });

const measureWarm = (count: number) =>
  onPlatform({}, async (platform) => {
    const miosa = clientOf(platform);
    say('warm creates');
    const created = await benchCreate(miosa, { name: WARM, path: 'warm', count, restMs: REFILL_MS });
    say(`burst of ${BURST}, with a pool`);
    return { created, burst: await benchBurst(miosa, BURST) };
  });

/**
 * `./miosa bench sandboxes [--count=50] [--live=1000] [--json[=file]]`: everything through the public API as users have it (SDK, TLS, edge),
 * then Docker and bare crun on the same root file system, in one run.
 */
export const benchSandboxes = async (args: readonly string[]): Promise<void> => {
  const option = (name: string): string | undefined => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const count = Number(option('count') ?? COUNT);
  const template = join(process.env.MIOSA_CACHE ?? '/var/cache/miosa', 'templates', 'miosa-sandbox');
  const rootfs = join(template, readlinkSync(join(template, 'current')), 'rootfs');
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown CPU',
    memoryGiB: totalmem() / 2 ** 30,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
  const cold = await measureCold(count, Number(option('live') ?? LIVE));
  const warm = await measureWarm(count);
  say('bare crun and Docker');
  const floor = benchCrun(rootfs, count);
  const docker = (await benchDocker(rootfs, count)) ?? [];
  const results: Results = {
    machine,
    samples: [
      cold.created.create,
      ...(cold.live === null ? [] : [cold.live.create]),
      warm.created.create,
      floor,
      ...docker,
      ...cold.commands,
      cold.created.destroy,
      ...cold.snapshots,
      ...cold.preview,
    ],
    throughput: cold.throughput,
    bursts: { cold: cold.burst, warm: warm.burst },
    idleBytes: cold.created.idleBytes,
    live: cold.live,
    warmHits: { of: count, warm: warm.created.asMeant },
  };
  process.stdout.write(`\n${textOf(results)}`);
  if (args.some((arg) => arg.startsWith('--json'))) {
    const file = option('json') ?? FILE;
    writeFileSync(file, `${JSON.stringify({ ...results, bars: barsOf(results) }, null, 1)}\n`);
    process.stdout.write(`\nresults as JSON: ${file}\n`);
  }
};
