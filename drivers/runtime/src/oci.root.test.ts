import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'vitest';
import { type ContractSubject, describeRuntimeContract } from './contract.ts';
import { launchRunner, requirements } from './testing/index.ts';

const missing = requirements();
const openWith = (env: Readonly<Record<string, string>>) => async (): Promise<ContractSubject> => {
  const runner = await launchRunner('/var/tmp', env);
  return {
    runtime: runner.runtime,
    lose: async ({ id }) => {
      const record = JSON.parse(readFileSync(join(runner.dataDir, 'runner/sandboxes', `${id}.json`), 'utf8'));
      process.kill(record.process.pid, 'SIGKILL');
      while ((await runner.runtime.inspect(id))?.state === 'running') await sleep(5);
    },
    close: () => runner.close(),
  };
};

if (missing.length > 0) it.skip(`the real runner is not tested here: it needs ${missing.join(', ')}`, () => {});
else {
  describeRuntimeContract('oci, container', openWith({}));
  describeRuntimeContract('oci, machines booted ahead', openWith({ MIOSA_WARM_POOL: '4' }));
  const runner = await launchRunner();
  const { tiers, tiersAbsent } = await runner.runtime.capabilities();
  await runner.close();
  if (tiers.includes('gvisor')) describeRuntimeContract('oci, gvisor', openWith({}), 'gvisor');
  else it.skip(`gvisor cannot start here: ${tiersAbsent.find(({ isolation }) => isolation === 'gvisor')?.reason}`, () => {});
}
