import { readlinkSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { startPlatform } from '../../tests/harness/platform.ts';
import { benchAccess } from './access.ts';
import { benchCrun } from './crun.ts';
import { benchDocker } from './docker.ts';
import { benchPreview, benchSandboxes } from './sandboxes.ts';
import { format, percentile, type Sample } from './stats.ts';

const COUNT = 50;

const print = (samples: readonly Sample[]): void => {
  process.stdout.write(`\n${'milliseconds'.padEnd(34)}${'p50'.padStart(9)}${'p95'.padStart(9)}${'n'.padStart(6)}\n`);
  for (const { name, ms } of samples)
    process.stdout.write(
      `${name.padEnd(34)}${format(percentile(ms, 50)).padStart(9)}${format(percentile(ms, 95)).padStart(9)}${String(ms.length).padStart(6)}\n`,
    );
};

const median = (samples: readonly Sample[], name: string): number => percentile(samples.find((one) => one.name === name)?.ms ?? [], 50);

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

const sandboxes = async (): Promise<void> => {
  const cache = process.env.MIOSA_CACHE ?? '/var/cache/miosa';
  const template = join(cache, 'templates', 'miosa-sandbox');
  const rootfs = join(template, readlinkSync(join(template, 'current')), 'rootfs');
  process.stdout.write(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, load ${loadavg()[0]?.toFixed(2)} before the run\n`);

  const platform = await startPlatform({ env: { MIOSA_EDGE_RATE: '0', MIOSA_CONTROL_PLANE_RATE_LIMITS: 'off' } });
  const direct = await directServer();
  try {
    const ours = await benchSandboxes(platform, COUNT);
    const preview = await benchPreview(platform, COUNT * 10, direct.ask);
    const crun = benchCrun(rootfs, COUNT);
    const docker = (await benchDocker(rootfs, COUNT)) ?? [];
    const samples = [...ours.samples, crun, ...docker, ...preview];
    print(samples);
    const create = median(samples, 'create → first exec');
    const idleMiB = percentile(ours.idleBytes, 50) / 2 ** 20;
    process.stdout.write(`\nburst of ${ours.burst.count} creates + exec: ${format(ours.burst.wallMs)} ms wall, ${ours.burst.good} good\n`);
    process.stdout.write(`idle memory of one sandbox (its control group): ${idleMiB.toFixed(2)} MiB\n`);
    process.stdout.write(
      `edge, added latency p50: ${format(median(samples, 'preview through the edge') - median(samples, 'the same app on loopback'))} ms\n`,
    );
    process.stdout.write(`ratio to bare crun run: ${(create / median(samples, 'bare crun run')).toFixed(2)} ×\n`);
    if (docker.length > 0) {
      process.stdout.write(`ratio docker run + exec to ours: ${(median(samples, 'docker run + docker exec') / create).toFixed(1)} ×\n`);
      process.stdout.write(`ratio docker exec to ours: ${(median(samples, 'docker exec') / median(samples, 'exec')).toFixed(1)} ×\n`);
    }
    if (process.argv.includes('--json'))
      writeFileSync('bench-sandboxes.json', JSON.stringify({ samples, burst: ours.burst, idleBytes: ours.idleBytes }));
  } finally {
    direct.close();
    await platform.stop();
  }
};

const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { sandboxes, access: benchAccess };

const args = process.argv.slice(2);
const name = args[0] === undefined || args[0].startsWith('--') ? 'sandboxes' : args[0];
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  process.stderr.write(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.\n`);
  process.exitCode = 1;
} else await benchmark(args);
