import { spawn } from 'node:child_process';
import { keyedMutex } from '../keyed-mutex.ts';

export interface Nft {
  /** Loads a script as one transaction: all of it or nothing. Rejects with what nft says. */
  run(script: string): Promise<void>;
  /** JSON output; null when it fails, e.g. because what is listed is not there. */
  list(args: readonly string[]): Promise<string | null>;
  /** Tasks that read our picture of the table and then change it, one after the other. */
  exclusive<T>(task: () => Promise<T>): Promise<T>;
}

const nft = (args: readonly string[], input: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('nft', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`nft: ${errors.trim()}`))));
    child.stdin.on('error', () => {}); // it ended before it read everything; its exit code says why
    child.stdin.end(input);
  });

export const createNft = (): Nft => {
  const mutex = keyedMutex();
  return {
    run: async (script) => void (await nft(['-f', '-'], script)),
    list: (args) => nft(['--json', '--numeric', ...args], '').catch(() => null),
    exclusive: (task) => mutex('table', task),
  };
};
