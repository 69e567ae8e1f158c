import { setTimeout as sleep } from 'node:timers/promises';
import type { WakeCalls } from '../net/wake-calls.ts';
import { machinePath } from '../net/wake-calls.ts';
import { REFUSALS, type Refusal } from '../refusal.ts';
import { isGone, isRunning, type SandboxRoute } from '../routes/types.ts';
import type { World } from '../routes/world.ts';

const RETRY_MS = 500;

export interface Waker {
  /** The route once the sandbox runs, or why not. `abandoned` ends the wait early when the visitor has left. */
  running(route: SandboxRoute, abandoned: () => boolean): Promise<SandboxRoute | Refusal>;
  /** Starts waking without waiting. */
  nudge(route: SandboxRoute): void;
}

export const createWaker = (deps: { readonly world: World; readonly calls: WakeCalls; readonly holdMs: number }): Waker => {
  const { world, calls, holdMs } = deps;
  const wake = (id: string): Promise<number> => calls.call(machinePath(id));

  const running = async (route: SandboxRoute, abandoned: () => boolean): Promise<SandboxRoute | Refusal> => {
    const deadline = Date.now() + holdMs;
    for (let current: SandboxRoute | null = route; ; ) {
      if (current === null) return REFUSALS.notFound;
      if (isGone(current)) return REFUSALS.gone;
      if (isRunning(current)) {
        // It runs, but what it serves with may only be starting: the answer comes when that is there.
        const under = calls.underWay(machinePath(current.id));
        if (under !== undefined) await Promise.race([under, sleep(Math.max(1, deadline - Date.now()), 0, { ref: false })]);
        return current;
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0 || abandoned()) return REFUSALS.starting;
      const status = await Promise.race([wake(current.id), sleep(leftMs, 0, { ref: false })]);
      // The answer may overtake the notification, so the route is read again and not taken from memory.
      current = await world.sandboxNow(current.slug);
      if (current === null || isGone(current) || isRunning(current)) continue;
      if (status >= 400 && status < 500) return REFUSALS.starting;
      await sleep(Math.min(RETRY_MS, Math.max(1, deadline - Date.now())), undefined, { ref: false });
    }
  };

  return { running, nudge: (route) => void wake(route.id) };
};
