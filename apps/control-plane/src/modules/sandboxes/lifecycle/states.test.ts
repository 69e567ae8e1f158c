import { describe, expect, test } from 'vitest';
import { STATES, type State, type Transition } from '../types.ts';
import { ACTIONS, type Action, decide, RULES } from './states.ts';

const short = (state: State, transition: Transition | null, action: Action): string => {
  const decision = decide({ state, transition }, action);
  return typeof decision === 'string' ? decision : `${decision.transition}→${decision.to}`;
};

const N = 'SANDBOX_NOT_RUNNING';
const row = (state: State, transition: Transition | null) => ACTIONS.map((action) => short(state, transition, action));

describe('state table', () => {
  test('every state answers every action as the contract says', () => {
    //                                         use                 pause              resume              extend change   resize snapshot restore destroy
    expect(row('provisioning', null)).toEqual(['wait', 'wait', 'wait', N, 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('running', null)).toEqual([
      'ready',
      'pausing→paused',
      'ready',
      'ready',
      'ready',
      'resizing→running',
      'snapshotting→running',
      'restoring→running',
      'destroying→destroyed',
    ]);
    expect(row('paused', null)).toEqual([
      'resuming→running',
      'ready',
      'resuming→running',
      N,
      'ready',
      'resizing→paused',
      'snapshotting→paused',
      'restoring→running',
      'destroying→destroyed',
    ]);
    expect(row('error', null)).toEqual([N, N, 'resuming→running', N, 'ready', N, N, 'restoring→running', 'destroying→destroyed']);
    expect(row('destroyed', null)).toEqual(['GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'ready']);
  });

  test('during a transition everything waits for its end but destroy and field changes', () => {
    expect(row('running', 'pausing')).toEqual(['wait', 'wait', 'wait', 'wait', 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('paused', 'resuming')).toEqual(['wait', 'wait', 'wait', 'wait', 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('error', 'resuming')).toEqual(['wait', 'wait', 'wait', 'wait', 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('running', 'resuming')).toEqual(['wait', 'wait', 'wait', 'wait', 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('destroyed', 'destroying')).toEqual(['GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'GONE', 'ready']);
  });

  test('a sandbox that is being copied goes on; one that is being restored does not', () => {
    expect(row('running', 'snapshotting')).toEqual([
      'ready',
      'wait',
      'ready',
      'ready',
      'ready',
      'wait',
      'wait',
      'wait',
      'destroying→destroyed',
    ]);
    expect(row('paused', 'snapshotting')).toEqual(['wait', 'ready', 'wait', N, 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('running', 'resizing')).toEqual(row('running', 'snapshotting'));
    expect(row('paused', 'resizing')).toEqual(row('paused', 'snapshotting'));
    expect(row('paused', 'hibernating')).toEqual(['wait', 'wait', 'wait', N, 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
    expect(row('running', 'restoring')).toEqual(['wait', 'wait', 'wait', 'wait', 'ready', 'wait', 'wait', 'wait', 'destroying→destroyed']);
  });

  test('destroy is legal from every state', () => {
    for (const state of STATES) {
      for (const transition of [
        null,
        'pausing',
        'resuming',
        'destroying',
        'snapshotting',
        'restoring',
        'resizing',
        'hibernating',
      ] as const) {
        const decision = decide({ state, transition }, 'destroy');
        expect(decision === 'ready' ? 'destroyed' : (decision as { to: string }).to).toBe('destroyed');
      }
    }
  });

  test('the table has an entry for every state and action', () => {
    for (const state of STATES) for (const action of ACTIONS) expect(RULES[state][action]).toBeDefined();
  });
});
