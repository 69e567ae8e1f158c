import { Fault } from '@miosa/kernel';
import { GOES_ON, type SandboxRow, type State, type Transition } from '../types.ts';

/** What a caller may want of a sandbox. `use` = exec, processes, files, ports: anything that needs its agent. */
export const ACTIONS = ['use', 'pause', 'resume', 'extend', 'change', 'resize', 'snapshot', 'restore', 'destroy'] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * `ready`: act on it as it is. `wait`: something is under way, look again. A step: claim `transition`, do the effect on the host, land in `to`.
 * `SANDBOX_NOT_RUNNING`, `GONE`: refused with that code.
 */
export type Decision = 'ready' | 'wait' | 'SANDBOX_NOT_RUNNING' | 'GONE' | { readonly transition: Transition; readonly to: State };

const PAUSE = { transition: 'pausing', to: 'paused' } as const;
const RESUME = { transition: 'resuming', to: 'running' } as const;
const DESTROY = { transition: 'destroying', to: 'destroyed' } as const;
const RESTORE = { transition: 'restoring', to: 'running' } as const;
const keep = <S extends State>(to: S) => ({ transition: 'snapshotting', to }) as const;
const limits = <S extends State>(to: S) => ({ transition: 'resizing', to }) as const;
const STOPPED = 'SANDBOX_NOT_RUNNING';

/** The state rules of a sandbox at rest (contract 4.2). Everything that changes a state goes through this table. */
export const RULES: Readonly<Record<State, Readonly<Record<Action, Decision>>>> = {
  provisioning: {
    use: 'wait',
    pause: 'wait',
    resume: 'wait',
    extend: STOPPED,
    change: 'ready',
    resize: 'wait',
    snapshot: 'wait',
    restore: 'wait',
    destroy: DESTROY,
  },
  running: {
    use: 'ready',
    pause: PAUSE,
    resume: 'ready',
    extend: 'ready',
    change: 'ready',
    resize: limits('running'),
    snapshot: keep('running'),
    restore: RESTORE,
    destroy: DESTROY,
  },
  paused: {
    use: RESUME,
    pause: 'ready',
    resume: RESUME,
    extend: STOPPED,
    change: 'ready',
    resize: limits('paused'),
    snapshot: keep('paused'),
    restore: RESTORE,
    destroy: DESTROY,
  },
  error: {
    use: STOPPED,
    pause: STOPPED,
    resume: RESUME,
    extend: STOPPED,
    change: 'ready',
    resize: STOPPED,
    snapshot: STOPPED,
    restore: RESTORE,
    destroy: DESTROY,
  },
  destroyed: {
    use: 'GONE',
    pause: 'GONE',
    resume: 'GONE',
    extend: 'GONE',
    change: 'GONE',
    resize: 'GONE',
    snapshot: 'GONE',
    restore: 'GONE',
    destroy: 'ready',
  },
};

/** While a transition runs everything waits for its end, except that destroying is legal at any moment and changing fields needs no host. */
export const decide = (row: Pick<SandboxRow, 'state' | 'transition'>, action: Action): Decision => {
  const rule = RULES[row.state][action];
  if (GOES_ON.includes(row.transition) && rule === 'ready') return rule;
  if (row.transition === null || row.state === 'destroyed' || action === 'destroy' || action === 'change') return rule;
  const mayRunSoon = row.transition === 'resuming' || row.transition === 'restoring';
  return rule === 'SANDBOX_NOT_RUNNING' && !mayRunSoon ? rule : 'wait';
};

export const gone = (row: Pick<SandboxRow, 'ended_reason'>): Fault =>
  new Fault('GONE', `This sandbox was destroyed (${row.ended_reason ?? 'unknown'}). Create a new one.`, {
    details: { ended_reason: row.ended_reason },
  });

export const notRunning = (row: Pick<SandboxRow, 'state' | 'state_reason'>): Fault =>
  new Fault('SANDBOX_NOT_RUNNING', `This needs a running sandbox; it is ${row.state}. Resume it first.`, {
    details: { state: row.state, state_reason: row.state_reason },
  });

/** States from which `transition` may start; the guard of the claiming UPDATE, so two processes can never both start one. */
export const sourcesOf = (transition: Exclude<Transition, 'destroying'>): readonly State[] => SOURCES[transition];

const SOURCES = {
  pausing: ['running'],
  resuming: ['paused', 'error'],
  snapshotting: ['running', 'paused'],
  restoring: ['running', 'paused', 'error'],
  resizing: ['running', 'paused'],
  hibernating: ['paused'],
} as const satisfies Readonly<Record<Exclude<Transition, 'destroying'>, readonly State[]>>;

/** After this a reconciler ends the transition. Seconds; a healthy host needs well under one. */
export const DEADLINE_SECONDS = {
  provisioning: 60,
  pausing: 30,
  resuming: 60,
  destroying: 30,
  snapshotting: 30,
  restoring: 60,
  resizing: 30,
  hibernating: 30,
} as const;
