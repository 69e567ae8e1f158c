import type { Options } from '../options.ts';
import { startPlatform } from '../platform.ts';
import { report } from '../report.ts';
import { untilAsked } from './signals.ts';

const say = (text: string) => console.log(`  ${text}`);

/** Runs the platform until Ctrl-C or SIGTERM. */
export const up = async (options: Options): Promise<number> => {
  const asked = untilAsked();
  console.log(`starting the platform in ${options.data}`);
  const platform = await startPlatform(options, say, asked.signal);
  console.log(report(options, platform.credentials, platform.isNew));
  console.log('Ctrl-C stops it; files of sandboxes are kept.');
  await asked.promise;
  console.log('stopping: sandboxes end, their files stay');
  if (!(await platform.stop())) return 1;
  console.log('stopped.');
  return 0;
};
