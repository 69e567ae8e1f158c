import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSystemUser } from '@miosa/db';
import { type Layout, layoutOf, type Options, SetupError } from '../options.ts';
import { holderOf } from '../setup/lock.ts';
import { rotateKeys } from '../setup/rotate-keys.ts';

/** The edge reads the folder again, then the control plane is replaced by one that signs with the new keys; sandboxes notice nothing. */
const tellRunning = (layout: Layout): void => {
  const pids: Record<string, number> = existsSync(layout.pids) ? JSON.parse(readFileSync(layout.pids, 'utf8')) : {};
  const [edge, controlPlane] = [pids.edge, pids['control-plane']];
  if (edge !== undefined) process.kill(edge, 'SIGHUP');
  if (controlPlane !== undefined) process.kill(controlPlane, 'SIGTERM');
};

/** `miosa keys rotate`: new signing keys. What was signed before lives on until the kept files are removed. */
export const keys = async (options: Options, [verb]: readonly string[]): Promise<number> => {
  if (verb !== 'rotate') throw new SetupError('the only thing to do with keys is: ./miosa keys rotate');
  const layout = layoutOf(options);
  if (!existsSync(join(layout.keys, 'preview.key')))
    throw new SetupError(`there are no keys in ${layout.keys} yet; ./miosa up makes them.`);
  const { kept } = rotateKeys(layout.keys, await ensureSystemUser('miosa'));
  if (holderOf(layout.lock) !== null) tellRunning(layout);
  console.log('new signing keys are in use. Tokens and sessions from before stay good while these files are there:');
  for (const name of kept) console.log(`  ${join(layout.keys, name)}`);
  console.log(
    'Removing a .secret file ends its sessions (it is of no use after 7 days); removing a .pub file voids its tokens and share links.',
  );
  return 0;
};
