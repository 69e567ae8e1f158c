import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { describeRuntimeContract } from './contract.ts';
import { launchRunner, requirements } from './testing/index.ts';

const missing = requirements();
if (missing.length > 0) it.skip(`the real runner is not tested here: it needs ${missing.join(', ')}`, () => {});
else
  describe.each([
    { name: 'oci', pool: '0' },
    { name: 'oci with machines booted ahead', pool: '4' },
  ])('$name', ({ name, pool }) =>
    describeRuntimeContract(name, async () => {
      const runner = await launchRunner('/var/tmp', { MIOSA_WARM_POOL: pool });
      return {
        runtime: runner.runtime,
        lose: async ({ id }) => {
          const record = JSON.parse(readFileSync(join(runner.dataDir, 'runner/sandboxes', `${id}.json`), 'utf8'));
          process.kill(record.process.pid, 'SIGKILL');
          while ((await runner.runtime.inspect(id))?.state === 'running') await sleep(5);
        },
        close: () => runner.close(),
      };
    }),
  );
