import type { FileChange, Process } from '@miosa/sdk';
import { type Context, leaf, pairs } from '../context.ts';
import { UserError } from '../failure.ts';
import { sandboxId } from '../names.ts';
import type { Register } from '../run.ts';
import { commandOf } from './exec.ts';

const stateOf = ({ state, stateReason, exitCode, signal }: Process): string => {
  if (state === 'running') return state;
  const end = exitCode === null ? 'no exit code' : signal === null ? `exit ${exitCode}` : signal;
  return `${stateReason ?? state} (${end})`;
};

const list = async ({ miosa, output }: Context<object>, given: string): Promise<undefined> => {
  const processes = await miosa.sandboxes.processes.list(await sandboxId(miosa, given)).all();
  const policy = ({ autostart, restart, restarts }: Process): string =>
    [autostart ? 'autostart' : '', restart === 'never' ? '' : `${restart}, ${restarts}×`].filter((word) => word !== '').join(', ');
  output.list(
    processes,
    ['ID', 'NAME', 'PID', 'STATE', 'RUNS AGAIN', 'STARTED', 'COMMAND'],
    (one) => [one.id, one.name, one.pid === 0 ? '' : String(one.pid), stateOf(one), policy(one), one.startedAt, String(one.command)],
    'No processes.',
  );
};

interface StartOptions {
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly autostart?: boolean;
  readonly restart?: 'never' | 'on_failure' | 'always';
}

const start = async ({ miosa, options, output }: Context<StartOptions>, given: string, words: string | string[]): Promise<undefined> => {
  const { name, cwd, env, autostart, restart } = options;
  if (restart !== undefined && !['never', 'on_failure', 'always'].includes(restart))
    throw new UserError(`--restart: "${restart}" is not one of never, on_failure, always.`);
  const settings = JSON.parse(JSON.stringify({ name, cwd, env, autostart, restart })) as StartOptions;
  const command = commandOf(typeof words === 'string' ? [words] : words);
  const started = await miosa.sandboxes.processes.start(await sandboxId(miosa, given), command, settings);
  output.result(started, started.id, `${started.id} runs (pid ${started.pid}).`);
};

const stop = async ({ miosa, output }: Context<object>, given: string, wanted: string): Promise<undefined> => {
  const id = await sandboxId(miosa, given);
  const all = await miosa.sandboxes.processes.list(id).all();
  const chosen = all.findLast((one) => one.id === wanted || one.name === wanted);
  if (chosen === undefined) throw new UserError(`There is no process "${wanted}" in this sandbox.`);
  output.result(await miosa.sandboxes.processes.delete(id, chosen.id), chosen.id, `Ended ${chosen.id} and all it had started.`);
};

const lineOf = (change: FileChange): string => {
  if (change.type === 'overflow') return `overflow  ${change.path}  some changes were lost: list again`;
  const path = change.isDir ? `${change.path}/` : change.path;
  return change.type === 'renamed' ? `renamed   ${change.oldPath} -> ${path}` : `${change.type.padEnd(8)}  ${path}`;
};

const watch = async ({ miosa, options, output, io }: Context<{ flat?: boolean }>, given: string, folder?: string): Promise<undefined> => {
  const changes = miosa.sandboxes.files.watch(await sandboxId(miosa, given), folder, { recursive: options.flat !== true });
  const release = io.onInterrupt(() => changes.close());
  try {
    await changes.ready;
    output.progress('Watching; Ctrl-C ends it.');
    for await (const change of changes) {
      io.out(output.json ? `${JSON.stringify(change)}\n` : `${lineOf(change)}\n`);
      await io.drained();
    }
  } finally {
    release();
  }
};

export const processCommands: Register = (parent, io, setExitCode) => {
  leaf(parent.command('ps <sandbox>').description('processes of a sandbox, ended ones too'), io, setExitCode, list);
  const starting = parent
    .command('start <sandbox> <command...>')
    .description('start a background process')
    .passThroughOptions()
    .option('--name <name>')
    .option('--cwd <folder>', 'default /workspace')
    .option('-e, --env <NAME=VALUE>', 'environment variable, repeatable', pairs)
    .option('--autostart', 'run it again whenever the sandbox boots')
    .option('--restart <policy>', 'start it again after its end: never, on_failure, always');
  leaf(starting, io, setExitCode, start);
  leaf(parent.command('stop <sandbox> <process>').description('end a process (id or name) and remove its record'), io, setExitCode, stop);
  const watching = parent
    .command('watch <sandbox> [folder]')
    .description('follow the changes below a folder (default /workspace)')
    .option('--flat', 'not the folders below it');
  leaf(watching, io, setExitCode, watch);
};
