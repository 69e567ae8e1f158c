import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a host program from an argument array and returns its output; a failure carries what it printed. */
export const command = async (program: string, ...args: string[]): Promise<string> =>
  (await run(program, args, { encoding: 'utf8' })).stdout.trim();
