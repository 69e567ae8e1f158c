import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSystemUser } from '@miosa/db';
import { layoutOf, type Options, SetupError } from '../options.ts';
import { createService } from '../service/service.ts';
import { runnerSpec } from '../service/specs.ts';
import { removeCodeView } from '../setup/code-view.ts';
import { makeFolders } from '../setup/folders.ts';
import { takeLock } from '../setup/lock.ts';

/** Files by which a folder is known as ours: a slip of the keyboard must not delete `/home`. */
const OURS = ['run', 'keys', 'lock'];

/**
 * Destroys a data folder. After a crash sandboxes may still be running on it: the runner adopts and ends them first, since only it knows their
 * mounts, namespaces and cgroups.
 */
export const reset = async (options: Options): Promise<number> => {
  const layout = layoutOf(options);
  const say = (text: string) => console.log(`  ${text}`);
  const entries = readdirSync(options.data);
  if (entries.length > 0 && !OURS.every((name) => entries.includes(name)))
    throw new SetupError(`${options.data} is not a data folder of the platform; nothing was deleted.`);
  const lock = takeLock(layout.lock);
  removeCodeView(layout.app);
  if (existsSync(layout.runner) && readdirSync(layout.runner).length > 0) {
    makeFolders(options, layout, await ensureSystemUser('miosa'));
    const runner = createService(runnerSpec(options, layout), layout.logs, say);
    say('ending sandboxes that may still run');
    try {
      await runner.start();
    } finally {
      await runner.stop();
    }
  }
  say(`deleting ${options.data}`);
  const removal = spawnSync('rm', ['-rf', '--one-file-system', '--', ...entries.map((entry) => join(options.data, entry))], {
    stdio: 'inherit',
  });
  lock.release();
  if (removal.status !== 0) throw new SetupError(`not all of ${options.data} could be deleted; see the lines above.`);
  console.log('done: the next ./miosa up starts from nothing.');
  return 0;
};
