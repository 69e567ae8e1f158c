import { readFileSync } from 'node:fs';
import { ensureSystemUser } from '@miosa/db';
import { type Layout, type Options, SetupError } from '../options.ts';
import { createService } from '../service/service.ts';
import { predecessorGone, runnerSpec } from '../service/specs.ts';
import { removeCodeView } from '../setup/code-view.ts';
import { makeFolders } from '../setup/folders.ts';

const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));

/**
 * Ends what a killed platform left running on this data folder, and keeps the files: a runner adopts the sandboxes and ends them, since
 * only it knows their mounts, namespaces and cgroups. Call with the folder's lock held.
 */
export const takeOffHost = async (options: Options, layout: Layout, say: (text: string) => void): Promise<void> => {
  removeCodeView(layout.app);
  await predecessorGone(layout.cluster);
  makeFolders(options, layout, await ensureSystemUser('miosa'));
  const runner = createService(runnerSpec(options, layout), layout.logs, say);
  say('ending sandboxes that may still run');
  try {
    await runner.start();
  } finally {
    await runner.stop();
  }
  const mounted = mountsBelow(options.data);
  if (mounted.length > 0) throw new SetupError(`still mounted: ${mounted.join(', ')}. See what uses them with 'fuser -vm <folder>'.`);
};
