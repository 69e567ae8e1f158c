import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onLines, problemIn } from './lines.ts';
import { openLogFile } from './log-file.ts';

export interface ServiceSpec {
  readonly name: string;
  /** Called at every start, so that it can clear what a killed predecessor left. */
  command(): Promise<{ readonly file: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> }>;
  ready(): Promise<boolean>;
  /** Asks for a clean end; default SIGTERM. */
  stop?(process: ChildProcess): void;
  /**
   * For a process that leaves things on the host when it dies: asks for their removal and the end, true when all was removed. Without a
   * process that could do it (killed, in its back-off, failed half-way) the stop starts one for it.
   */
  cleanUp?(process: ChildProcess): Promise<boolean>;
  /** Words in its log that look like trouble and are none. */
  readonly expected?: RegExp;
  /** After that it is killed. */
  readonly graceMs: number;
}

export interface Service {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves when ready; rejects when it does not become so in time or keeps dying. */
  start(): Promise<void>;
  /** Rejects when its clean-up could not be done; the process has ended all the same. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const POLL_MS = 15;
const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 5000;
/** Who ran for that long has recovered: the next death starts again with the short pause. */
const HEALTHY_AFTER_MS = 30_000;
const DEATHS_BEFORE_GIVING_UP = 4;
const CLEAN_UP_ATTEMPTS = 3;
const CLEAN_UP_READY_WITHIN_MS = 20_000;

const isRunning = (process: ChildProcess | undefined): process is ChildProcess => process?.exitCode === null && process.signalCode === null;

/** Starts a process, restarts it with growing pauses when it dies, and ends it. */
export const createService = (spec: ServiceSpec, logs: string, say: (text: string) => void): Service => {
  const log = openLogFile(join(logs, `${spec.name}.log`));
  let child: ChildProcess | undefined;
  let stopping = false;
  let wasStarted = false;
  let wasReady = false;
  let deaths = 0;
  let backOffMs = FIRST_BACK_OFF_MS;
  let lastProblem = '';

  const launch = async (forCleanUp = false): Promise<void> => {
    const { file, args, env } = await spec.command();
    if (stopping && !forCleanUp) return;
    const startedAt = Date.now();
    lastProblem = '';
    // A session of its own: Ctrl-C at the terminal reaches the supervisor only, which then stops all in order.
    const started = spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => log.write(chunk));
      onLines(stream, (line) => {
        const problem = problemIn(line);
        if (problem === null || spec.expected?.test(problem) === true) return;
        // A crash prints its reason somewhere in the middle: a line that says so wins over the ones around it.
        if (lastProblem === '' || /\bE[A-Z]{4,}\b|rror\b|cannot/.test(problem)) lastProblem = problem;
        if (!stopping && wasReady) say(`${spec.name}: ${problem}`);
      });
    }
    const died = (how: string) => {
      if (child !== started) return;
      child = undefined;
      if (stopping) return;
      deaths += 1;
      if (Date.now() - startedAt > HEALTHY_AFTER_MS) backOffMs = FIRST_BACK_OFF_MS;
      if (wasReady) say(`${spec.name} ended (${how}); starting it again in ${backOffMs / 1000} s`);
      setTimeout(relaunch, backOffMs).unref();
      backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
    };
    started.once('error', (error) => died(error.message));
    started.once('exit', (code, signal) => died(signal ?? `exit code ${code}`));
  };
  const relaunch = () => {
    if (stopping) return;
    launch().catch((error: Error) => {
      say(`${spec.name}: ${error.message}`);
      setTimeout(relaunch, MAX_BACK_OFF_MS).unref();
    });
  };

  const lastWords = (): string => (lastProblem === '' ? '' : ` Its last words: ${lastProblem}.`);

  const waitReady = async (): Promise<void> => {
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until && deaths < DEATHS_BEFORE_GIVING_UP && !stopping) {
      if (child !== undefined && (await spec.ready())) {
        wasReady = true;
        deaths = 0;
        backOffMs = FIRST_BACK_OFF_MS;
        return;
      }
      await sleep(POLL_MS);
    }
    if (stopping) throw new Error(`the start of ${spec.name} was interrupted`);
    throw new Error(`${spec.name} did not become ready.${lastWords()} See ${join(logs, `${spec.name}.log`)}.`);
  };

  /** Asks by `ask`, kills after the grace, resolves with the answer when the process is gone. */
  const end = async <T>(running: ChildProcess, ask: (process: ChildProcess) => T | Promise<T>): Promise<T> => {
    const exited = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    const kill = setTimeout(() => running.kill('SIGKILL'), spec.graceMs);
    const answer = await ask(running);
    if (isRunning(running)) await exited;
    clearTimeout(kill);
    return answer;
  };

  const readyForCleanUp = async (): Promise<ChildProcess | undefined> => {
    if (!isRunning(child)) await launch(true);
    for (const until = Date.now() + CLEAN_UP_READY_WITHIN_MS; isRunning(child) && Date.now() < until; await sleep(POLL_MS))
      if (await spec.ready()) return child;
    return undefined;
  };

  const endCleanly = async (cleanUp: NonNullable<ServiceSpec['cleanUp']>): Promise<void> => {
    for (let attempt = 1; attempt <= CLEAN_UP_ATTEMPTS; attempt++) {
      const running = await readyForCleanUp();
      if (isRunning(running) && (await end(running, cleanUp))) return;
      if (isRunning(child)) await end(child, (process) => process.kill('SIGKILL'));
      await sleep(attempt * FIRST_BACK_OFF_MS);
    }
    throw new Error(`${CLEAN_UP_ATTEMPTS} attempts to clean up failed.${lastWords()} See ${join(logs, `${spec.name}.log`)}`);
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    if (spec.cleanUp !== undefined && wasStarted) await endCleanly(spec.cleanUp);
    else if (isRunning(child)) await end(child, spec.stop ?? ((process) => void process.kill('SIGTERM')));
  };

  return {
    name: spec.name,
    get pid() {
      return child?.pid;
    },
    start: async () => {
      wasStarted = true;
      await launch();
      await waitReady();
    },
    stop: async () => {
      try {
        await stop();
      } finally {
        log.close();
      }
    },
  };
};
