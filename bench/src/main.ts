import { benchAccess } from './access.ts';
import { benchDeployments } from './deployments.ts';
import { benchSandboxes } from './sandboxes.ts';

const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  sandboxes: benchSandboxes,
  deployments: benchDeployments,
  access: benchAccess,
};

const args = process.argv.slice(2);
const name = args[0] === undefined || args[0].startsWith('--') ? 'sandboxes' : args[0];
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  process.stderr.write(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.\n`);
  process.exitCode = 1;
} else await benchmark(args);
