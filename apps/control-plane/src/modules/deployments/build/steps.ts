import { Fault, type Op, SIZES, type SizeName } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import { shellLine } from './command.ts';
import type { BuildStep, Plan } from './detect/plan.ts';
import { checksOf } from './installed.ts';
import type { BuildLog, StepName } from './log.ts';

/** Contract 6: build time, of every command too; the job's own signal ends it sooner. */
const COMMAND_SEC = 20 * 60;
const SHORT_SEC = 30;
const MAX_ANSWER = 64 * 1024;
const KILLED = 137;
const NO_MEMORY = /JavaScript heap out of memory|Cannot allocate memory|MemoryError|\bENOMEM\b|out of memory|^Killed$|signal: killed/im;
const SHOWN_LINES = 5;
const SHOWN_CHARACTERS = 1000;

export interface Command {
  readonly command: string | readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
}

/** Runs a command in /workspace as the unprivileged user; its output goes to the log. */
export const runLogged = async (op: Op, core: Core, machineId: string, log: BuildLog, how: Command): Promise<Exit> => {
  const output = log.output();
  try {
    for await (const event of core.machines.exec(op, machineId, { ...how, timeoutSec: COMMAND_SEC })) {
      if (event.type === 'exit') return event;
      output.push(event.type, event.bytes);
    }
  } finally {
    output.end();
  }
  throw new Fault('UNAVAILABLE', 'The machine of the build went away. Publish again.');
};

/** Runs a command whose short output is the answer. */
export const ask = async (
  op: Op,
  core: Core,
  machineId: string,
  how: Command,
): Promise<{ readonly exitCode: number | null; readonly text: string }> => {
  let text = '';
  for await (const event of core.machines.exec(op, machineId, { ...how, timeoutSec: SHORT_SEC })) {
    if (event.type === 'exit') return { exitCode: event.exitCode, text };
    if (event.type === 'stdout' && text.length < MAX_ANSWER) text += event.bytes.toString('utf8');
  }
  throw new Fault('UNAVAILABLE', 'The machine of the build went away. Publish again.');
};

/** What the command said last, secrets removed: most of the time the reason is there. */
const lastWords = (log: BuildLog, step: StepName): string => {
  const lines = log.tail().filter((line) => line.step === step && line.stream !== 'system' && line.line.trim() !== '');
  const text = lines
    .slice(-SHOWN_LINES)
    .map(({ line }) => line.trimEnd())
    .join('\n');
  return text.length <= SHOWN_CHARACTERS ? text : `…${text.slice(-SHOWN_CHARACTERS)}`;
};

/** Why a step of the build ended it. `size`: of the machine. */
export const failed = (log: BuildLog, step: StepName, { exitCode, signal, timedOut }: Exit, size?: SizeName): Fault => {
  const said = lastWords(log, step);
  const after = said === '' ? '' : `\n${said}`;
  if (timedOut) return new Fault('TIMEOUT', `Step "${step}" took longer than ${COMMAND_SEC / 60} minutes.${after}`);
  const wasKilled = exitCode === KILLED || signal === 'KILL';
  if (size !== undefined && (wasKilled || NO_MEMORY.test(said)))
    return new Fault(
      'CONFLICT',
      `Step "${step}" ran out of memory (${SIZES[size].memoryMiB} MiB); choose a larger size for the deployment.${after}`,
      { details: { reason: 'out_of_memory', step } },
    );
  const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
  return new Fault('CONFLICT', `Step "${step}" ended with ${how}.${after}`, {
    details: { reason: 'build_failed', step, exit_code: exitCode },
  });
};

/** Why the step need not run; null when it must. */
const whyDone = async (op: Op, core: Core, machineId: string, step: BuildStep): Promise<string | null> => {
  for (const { command, said } of checksOf(step)) if ((await ask(op, core, machineId, { command })).exitCode === 0) return said;
  return null;
};

interface Building {
  readonly machineId: string;
  readonly plan: Plan;
  readonly size: SizeName;
  readonly log: BuildLog;
}

const runStep = async (op: Op, core: Core, step: BuildStep, { machineId, plan, size, log }: Building): Promise<void> => {
  log.begin(step.name);
  const done = await whyDone(op, core, machineId, step);
  if (done !== null) return log.say(`Not installed again: ${done}`);
  log.say(`$ ${step.command}`);
  const env = { CI: '1', NEXT_TELEMETRY_DISABLED: '1', ...(plan.port === null ? {} : { PORT: String(plan.port) }) };
  const exit = await runLogged(op, core, machineId, log, { command: shellLine(step.command), env });
  if (exit.exitCode !== 0) throw failed(log, step.name, exit, size);
};

/** Carries a plan out. The deployment's environment is the machine's own. @throws CONFLICT with what the failing command said last. */
export const buildInMachine = async (op: Op, core: Core, how: Building): Promise<void> => {
  for (const step of how.plan.steps) await runStep(op, core, step, how);
};
