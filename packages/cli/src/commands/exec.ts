import type { ExecEvent, Process } from '@miosa/sdk';
import { toWire } from '@miosa/sdk';
import { type Context, integer, leaf, pairs } from '../context.ts';
import { UserError } from '../failure.ts';
import { readAll } from '../io.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';

interface ExecOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly user?: 'sandbox' | 'root';
  readonly stdin?: boolean;
}

const SIGNAL_BASE = 128;
/** A command may run as long as the platform lets a streamed one. */
const MAX_SECONDS = 86_400;

const write = async ({ io }: Context<object>, event: ExecEvent): Promise<void> => {
  if (event.type !== 'stdout' && event.type !== 'stderr') return;
  const data = event.encoding === 'base64' ? Buffer.from(event.data, 'base64') : event.data;
  if (event.type === 'stdout') io.out(data);
  else io.err(data);
  await io.drained();
};

/** Prints the events and returns the exit code of the command. */
const relay = async (context: Context<object>, events: AsyncIterable<ExecEvent>, onStart: (processId: string) => void): Promise<number> => {
  for await (const event of events) {
    await write(context, event);
    if (event.type === 'started') onStart(event.processId);
    if (event.type !== 'exit') continue;
    if (event.timedOut) context.output.progress('The command was ended: its time was up (--timeout).');
    return event.exitCode ?? SIGNAL_BASE;
  }
  return SIGNAL_BASE;
};

/** One word may be a line for the shell ("npm test && ls"); several are a program and its arguments, to be left as they are. */
export const commandOf = (words: readonly string[]): string | string[] => {
  const [first, ...rest] = words[0] === '--' ? words.slice(1) : words;
  if (first === undefined) throw new UserError('Which command? Example: miosa exec my-sandbox -- ls -la');
  return rest.length === 0 ? first : [first, ...rest];
};

const exec = async (context: Context<ExecOptions>, given: string, command: string | string[]): Promise<number> => {
  const { miosa, options, io, output } = context;
  const id = await sandboxId(miosa, given);
  const input = options.stdin === true ? { stdin: (await readAll(io.stdin)).toString('utf8') } : {};
  const settings = {
    ...input,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.user === undefined ? {} : { user: options.user }),
  };
  const line = commandOf(typeof command === 'string' ? [command] : command);
  if (output.json) {
    const result = await miosa.sandboxes.exec(id, line, {
      ...settings,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
    output.result(result, '', '');
    return result.exitCode ?? SIGNAL_BASE;
  }
  let processId: string | undefined;
  const interrupt = (): void => {
    if (processId !== undefined)
      miosa.sandboxes.processes.signal(id, processId, { signal: 'INT' }).catch(() => process.exit(SIGNAL_BASE + 2));
  };
  const release = io.onInterrupt(interrupt);
  try {
    const events = miosa.sandboxes.exec.stream(id, line, { ...settings, timeout: options.timeout ?? MAX_SECONDS });
    return await relay(context, events, (started) => {
      processId = started;
    });
  } finally {
    release();
  }
};

/** By id or name; without one, the process that started last. */
const pick = (processes: readonly Process[], wanted: string | undefined): Process => {
  const fitting = wanted === undefined ? processes : processes.filter((one) => one.id === wanted || one.name === wanted);
  const [newest] = [...fitting].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  if (newest === undefined)
    throw new UserError(wanted === undefined ? 'No process has run in this sandbox.' : `There is no process "${wanted}" in this sandbox.`);
  return newest;
};

/** All processes, those that are started later too; ends when the sandbox is destroyed. */
const followAll = async ({ miosa, output, io }: Context<object>, id: string, lines: number): Promise<undefined> => {
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  try {
    for await (const line of miosa.sandboxes.logs.stream(id, { lines, signal: stop.signal })) {
      if (output.json) io.out(`${JSON.stringify(toWire(line))}\n`);
      else if (line.stream === 'stderr') io.err(`${line.line}\n`);
      else io.out(`${line.line}\n`);
      await io.drained();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    release();
  }
};

const logs = async (context: Context<{ follow?: boolean; tail: number }>, given: string, wanted?: string): Promise<number | undefined> => {
  const { miosa, options, output, io } = context;
  const id = await sandboxId(miosa, given);
  if (options.follow === true && wanted === undefined) return followAll(context, id, options.tail);
  const chosen = pick(await miosa.sandboxes.processes.list(id).all(), wanted);
  if (options.follow === true) {
    await relay(context, miosa.sandboxes.processes.stream(id, chosen.id), () => undefined);
    return undefined;
  }
  const text = await miosa.sandboxes.processes.logs(id, chosen.id, { tail: options.tail });
  if (output.json) output.result({ process: chosen, ...text }, '', '');
  else {
    io.out(text.stdout);
    io.err(text.stderr);
  }
  return undefined;
};

export const execCommand: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('exec <sandbox> <command...>')
    .description('run a command; exits with its exit code')
    .passThroughOptions()
    .option('--cwd <folder>', 'default /workspace')
    .option('-e, --env <NAME=VALUE>', 'environment variable, repeatable', pairs)
    .option('--user <user>', 'sandbox or root')
    .option('-i, --stdin', 'pass standard input to the command');
  leaf(command, io, setExitCode, exec);
};

export const logsCommand: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('logs <sandbox> [process]')
    .description('output of a background process (id or name; default: the newest, with --follow all of them)')
    .option('-f, --follow', 'go on as it comes')
    .option('--tail <lines>', 'how many lines', integer('--tail', 1, 10_000), 200);
  leaf(command, io, setExitCode, logs);
};
