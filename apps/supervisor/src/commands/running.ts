import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Layout, layoutOf, type Options } from '../options.ts';
import { holderOf, takeLock } from '../setup/lock.ts';
import { takeOffHost } from './take-off-host.ts';

/** Every process' grace, and a second attempt of the runner. */
const STOP_WITHIN_MS = 120_000;

/** What a supervisor that was killed could not do. */
const endCrashed = async (options: Options, layout: Layout): Promise<number> => {
  const lock = takeLock(layout.lock);
  try {
    await takeOffHost(options, layout, (text) => console.log(`  ${text}`));
    rmSync(layout.pids);
  } finally {
    lock.release();
  }
  console.log('stopped what an earlier crash had left.');
  return 0;
};

/** Asks the supervisor of this data folder to stop and waits until it has; without one, ends what a killed one left behind. */
export const down = async (options: Options): Promise<number> => {
  const layout = layoutOf(options);
  const { lock } = layout;
  const holder = holderOf(lock);
  if (holder === null && existsSync(layout.pids)) return endCrashed(options, layout);
  if (holder === null) {
    console.log(`no platform is running in ${options.data}`);
    return 0;
  }
  process.kill(holder, 'SIGTERM');
  for (const until = Date.now() + STOP_WITHIN_MS; Date.now() < until; ) {
    if (holderOf(lock) === null) {
      if (existsSync(layout.pids)) return endCrashed(options, layout);
      console.log('stopped.');
      return 0;
    }
    await sleep(50);
  }
  console.error(`miosa: the platform (process ${holder}) did not stop within ${STOP_WITHIN_MS / 1000} s; see ${options.data}/logs.`);
  return 1;
};

/** Exit code 0 when it runs, 3 when not (as `systemctl status` does). */
export const status = async (options: Options): Promise<number> => {
  const layout = layoutOf(options);
  if (holderOf(layout.lock) === null) {
    console.log(`no platform is running in ${options.data}`);
    return 3;
  }
  const pids: Record<string, number> = existsSync(layout.pids) ? JSON.parse(readFileSync(layout.pids, 'utf8')) : {};
  const { api_url: api }: { api_url?: string } = existsSync(layout.credentials) ? JSON.parse(readFileSync(layout.credentials, 'utf8')) : {};
  console.log(`running in ${options.data}${api === undefined ? '' : `, ${api}`}`);
  for (const [name, pid] of Object.entries(pids)) console.log(`  ${name.padEnd(14)} ${pid}`);
  return 0;
};
