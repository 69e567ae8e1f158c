/** `node apps/supervisor/src/main.ts <up|demo|down|status|doctor|reset|keys>`; options come by environment (see options.ts), the launcher sets them. */

import { demo } from './commands/demo.ts';
import { keys } from './commands/keys.ts';
import { reset } from './commands/reset.ts';
import { down, status } from './commands/running.ts';
import { up } from './commands/up.ts';
import { doctor } from './doctor.ts';
import { readOptions, SetupError } from './options.ts';

const commands: Readonly<Record<string, (options: ReturnType<typeof readOptions>, args: readonly string[]) => Promise<number>>> = {
  up,
  demo,
  down,
  status,
  doctor,
  reset,
  keys,
};

const [name = 'up', ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command === undefined) throw new SetupError(`there is no command '${name}'.`);
  process.exitCode = await command(readOptions(process.env), args);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  console.error(`miosa: ${text}`);
  if (!(error instanceof SetupError) && process.env.MIOSA_LOG_LEVEL === 'debug') console.error(error);
  process.exitCode = 1;
}
