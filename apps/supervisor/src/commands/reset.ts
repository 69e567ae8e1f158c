import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf, type Options, SetupError } from '../options.ts';
import { removeCodeView } from '../setup/code-view.ts';
import { takeLock } from '../setup/lock.ts';
import { takeOffHost } from './take-off-host.ts';

/** Files by which a folder is known as ours: a slip of the keyboard must not delete `/home`. */
const OURS = ['run', 'keys', 'lock'];

/** Destroys a data folder. After a crash sandboxes may still be running on it: they are ended first. */
export const reset = async (options: Options): Promise<number> => {
  const layout = layoutOf(options);
  const say = (text: string) => console.log(`  ${text}`);
  const entries = readdirSync(options.data);
  if (entries.length > 0 && !OURS.every((name) => entries.includes(name)))
    throw new SetupError(`${options.data} is not a data folder of the platform; nothing was deleted.`);
  const lock = takeLock(layout.lock);
  removeCodeView(layout.app);
  if (existsSync(layout.pids)) await takeOffHost(options, layout, say);
  say(`deleting ${options.data}`);
  const removal = spawnSync('rm', ['-rf', '--one-file-system', '--', ...entries.map((entry) => join(options.data, entry))], {
    stdio: 'inherit',
  });
  lock.release();
  if (removal.status !== 0) throw new SetupError(`not all of ${options.data} could be deleted; see the lines above.`);
  console.log('done: the next ./miosa up starts from nothing.');
  return 0;
};
