import type { Sandbox } from '@miosa/sdk';
import { type Sample, sample, timed } from '../stats.ts';

/** The time to the first byte a command prints, over an event stream. */
const firstByte = async (sandbox: Sandbox): Promise<number> => {
  const started = performance.now();
  for await (const event of sandbox.exec.stream(['/bin/echo', 'here'])) if (event.type === 'stdout') return performance.now() - started;
  throw new Error('the command printed nothing');
};

/** One key at a time into `cat` on a terminal, until its echo is back. */
const benchEcho = async (sandbox: Sandbox, count: number): Promise<Sample> => {
  let seen: (() => void) | undefined;
  const terminal = await sandbox.terminal.open({ onData: () => seen?.() });
  const key = (): Promise<void> =>
    new Promise((resolve) => {
      seen = resolve;
      terminal.write('x');
    });
  try {
    // What the shell prints at its start is not an echo.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return await sample('terminal, keystroke → echo', count, key, 20);
  } finally {
    await sandbox.terminal.delete(terminal.id);
  }
};

/** Commands in one running sandbox. */
export const benchCommands = async (sandbox: Sandbox, count: number): Promise<readonly Sample[]> => {
  const exec = await sample('exec', count * 4, () => sandbox.exec(['/bin/true']), 20);
  const shell = await sample('exec through a login shell', count, () => sandbox.exec('true'), 3);
  const ms: number[] = [];
  for (let index = 0; index < count * 2; index++) ms.push(await firstByte(sandbox));
  return [exec, shell, { name: 'exec stream, first byte', ms }, await benchEcho(sandbox, count * 2)];
};

export interface Throughput {
  readonly name: string;
  readonly mibPerSecond: readonly number[];
}

const FILE_MIB = 100;

/** One file of 100 MiB there and back through the public API, TLS included; the bytes are compared. */
export const benchFiles = async (sandbox: Sandbox, rounds: number): Promise<readonly Throughput[]> => {
  const content = crypto.getRandomValues(new Uint8Array(65_536));
  const file = new Uint8Array(FILE_MIB * 2 ** 20);
  for (let at = 0; at < file.length; at += content.length) file.set(content, at);
  const write: number[] = [];
  const read: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const up = await timed(() => sandbox.files.write('big.bin', file));
    const down = await timed(() => sandbox.files.read('big.bin'));
    if (Buffer.compare(down.value, file) !== 0) throw new Error('the file came back changed');
    if (round === 0) continue; // compiled and connected
    write.push(FILE_MIB / (up.ms / 1000));
    read.push(FILE_MIB / (down.ms / 1000));
  }
  await sandbox.files.delete('big.bin');
  return [
    { name: `write a file of ${FILE_MIB} MiB`, mibPerSecond: write },
    { name: `read a file of ${FILE_MIB} MiB`, mibPerSecond: read },
  ];
};
