import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layoutOf, type Options } from '../options.ts';
import { holderOf } from '../setup/lock.ts';

const STOP_WITHIN_MS = 40_000;

/** Asks the supervisor of this data folder to stop and waits until it has. */
export const down = async (options: Options): Promise<number> => {
  const { lock } = layoutOf(options);
  const holder = holderOf(lock);
  if (holder === null) {
    console.log(`no platform is running in ${options.data}`);
    return 0;
  }
  process.kill(holder, 'SIGTERM');
  for (const until = Date.now() + STOP_WITHIN_MS; Date.now() < until; ) {
    if (holderOf(lock) === null) {
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
  const file = join(layout.run, 'pids.json');
  const pids: Record<string, number> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const { api_url: api }: { api_url?: string } = existsSync(layout.credentials) ? JSON.parse(readFileSync(layout.credentials, 'utf8')) : {};
  console.log(`running in ${options.data}${api === undefined ? '' : `, ${api}`}`);
  for (const [name, pid] of Object.entries(pids)) console.log(`  ${name.padEnd(14)} ${pid}`);
  return 0;
};
