import type { Log } from '@miosa/kernel';
import type { Internal } from '../net/internal.ts';

export interface Activity {
  /** Something of this sandbox was visited now. */
  touch(sandboxId: string): void;
  flush(): Promise<void>;
  close(): void;
}

/** At most one report a second, however many requests there are. */
const REPORT_MS = 1_000;
const CALL_MS = 5_000;

/** Tells the control plane which sandboxes are in use, so that idle timers count from the last visit. Kept while it is down. */
export const createActivity = (deps: { readonly internal: Internal; readonly log: Log }): Activity => {
  let pending = new Map<string, number>();
  let sending = false;

  const flush = async (): Promise<void> => {
    if (sending || pending.size === 0) return;
    sending = true;
    const batch = pending;
    pending = new Map();
    try {
      const { status } = await deps.internal.post('/internal/activity', { sandboxes: Object.fromEntries(batch) }, CALL_MS);
      if (status >= 500) throw new Error(`status ${status}`);
    } catch (error) {
      deps.log.debug({ error }, 'activity is reported later');
      for (const [id, at] of batch) if (!pending.has(id)) pending.set(id, at);
    } finally {
      sending = false;
    }
  };
  const timer = setInterval(() => void flush(), REPORT_MS);
  timer.unref();

  return { touch: (sandboxId) => void pending.set(sandboxId, Date.now()), flush, close: () => clearInterval(timer) };
};
