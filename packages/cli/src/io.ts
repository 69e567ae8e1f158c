import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UserError } from './failure.ts';

interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** The terminal somebody sits at. */
export interface Tty {
  size(): Size;
  /** Raw: every key comes as it is pressed, Ctrl-C included, and nothing is echoed. */
  setRaw(raw: boolean): void;
  /** Until the returned function is called. */
  onResize(listener: (size: Size) => void): () => void;
}

/** Everything the CLI touches outside itself; tests give their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `config.json` lives. */
  readonly configDir: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Absent when input or output is a pipe or a file. */
  readonly tty?: Tty | undefined;
  out(data: string | Uint8Array): void;
  err(data: string | Uint8Array): void;
  /** Resolves when everything written is out, so that a slow reader holds us back instead of filling memory. */
  drained(): Promise<void>;
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** Calls back on Ctrl-C until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

/** Answers from a pipe: one reader for all of them, since a reader of its own per question would swallow the lines of the next. */
let piped: AsyncIterator<string> | undefined;
const fromPipe = async (): Promise<string | undefined> => {
  piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await piped.next();
  return done === true ? undefined : value;
};

const fromTerminal = async (question: string, hidden: boolean): Promise<string | undefined> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true });
  try {
    if (hidden) process.stderr.write(question);
    const ended = new Promise<undefined>((resolve) => reader.once('close', () => resolve(undefined)));
    return await Promise.race([reader.question(hidden ? '' : question), ended]);
  } finally {
    reader.close();
    if (hidden) process.stderr.write('\n');
  }
};

const ask: Io['ask'] = async (question, options) => {
  const answer = await (process.stdin.isTTY === true ? fromTerminal(question, options?.hidden === true) : fromPipe());
  if (answer === undefined) throw new UserError(`${question} there was no answer.`);
  return answer;
};

const processTty = (): Tty | undefined => {
  const { stdin, stdout } = process;
  if (stdin.isTTY !== true || stdout.isTTY !== true) return undefined;
  const size = (): Size => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 }); // one that was never sized says 0
  return {
    size,
    setRaw: (raw) => void stdin.setRawMode(raw),
    onResize: (listener) => {
      const changed = (): void => listener(size());
      stdout.on('resize', changed);
      return () => void stdout.off('resize', changed);
    },
  };
};

export const processIo = (): Io => ({
  env: process.env,
  configDir: join(homedir(), '.miosa'),
  stdin: process.stdin,
  tty: processTty(),
  out: (data) => void process.stdout.write(data),
  err: (data) => void process.stderr.write(data),
  drained: async () => {
    if (process.stdout.writableNeedDrain) await new Promise((resolve) => process.stdout.once('drain', resolve));
  },
  ask,
  onInterrupt: (listener) => {
    process.on('SIGINT', listener);
    return () => void process.off('SIGINT', listener);
  },
});

export const readAll = async (stream: NodeJS.ReadableStream): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
};
