import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '@miosa/kernel';
import type { Internal } from '../net/internal.ts';

/** Counts what visitors of live deployments get, and reports it to the control plane. */
export interface Traffic {
  /** Counts this request when its answer has ended. */
  watch(deploymentId: string, startedAtMs: number, req: IncomingMessage, res: ServerResponse): void;
  flush(): Promise<void>;
  close(): void;
}

interface Counts {
  requests: number;
  /** Answers of 500 and above. */
  errors: number;
  egressBytes: number;
  /** Requests by duration: the i-th lasted at most `BOUNDS_MS[i]` and longer than the one before; the last one any time. */
  readonly durations: number[];
}

const REPORT_MS = 5_000;
const CALL_MS = 5_000;
/** 0.25 ms to a minute, each √2 times the one before: quantiles read from it are right within 41 %, in 300 bytes. */
export const BOUNDS_MS: readonly number[] = Array.from({ length: 37 }, (_, i) => Number((0.25 * 2 ** (i / 2)).toFixed(3)));
/** What is not reported is kept; beyond this many deployments further ones go uncounted until the control plane is back. */
const MAX_DEPLOYMENTS = 10_000;

const bucketOf = (ms: number): number => {
  const i = ms <= 0.25 ? 0 : Math.ceil(2 * Math.log2(ms / 0.25) - 1e-9);
  return Math.min(i, BOUNDS_MS.length);
};

const add = (into: Counts, more: Counts): void => {
  into.requests += more.requests;
  into.errors += more.errors;
  into.egressBytes += more.egressBytes;
  for (const [i, count] of more.durations.entries()) into.durations[i] = (into.durations[i] ?? 0) + count;
};

export const createTraffic = (deps: { readonly internal: Internal; readonly log: Log }): Traffic => {
  let counts = new Map<string, Counts>();
  let since = Date.now();
  let sending = false;

  const countsOf = (id: string): Counts | undefined => {
    const known = counts.get(id);
    if (known !== undefined || counts.size >= MAX_DEPLOYMENTS) return known;
    const fresh: Counts = { requests: 0, errors: 0, egressBytes: 0, durations: new Array<number>(BOUNDS_MS.length + 1).fill(0) };
    counts.set(id, fresh);
    return fresh;
  };

  const report = async (batch: ReadonlyMap<string, Counts>, from: number, until: number): Promise<void> => {
    const deployments = Object.fromEntries(
      Array.from(batch, ([id, { requests, errors, egressBytes, durations }]) => [
        id,
        { requests, errors, egress_bytes: egressBytes, durations },
      ]),
    );
    const { status } = await deps.internal.post(
      '/internal/deployments/traffic',
      { from, until, bounds_ms: BOUNDS_MS, deployments },
      CALL_MS,
    );
    if (status >= 500) throw new Error(`status ${status}`);
  };

  const flush = async (): Promise<void> => {
    if (sending || counts.size === 0) return;
    sending = true;
    const [batch, from, until] = [counts, since, Date.now()];
    counts = new Map();
    since = until;
    try {
      await report(batch, from, until);
    } catch (error) {
      deps.log.debug({ error }, 'traffic is reported later');
      since = from;
      for (const [id, more] of batch) {
        const kept = countsOf(id);
        if (kept !== undefined) add(kept, more);
      }
    } finally {
      sending = false;
    }
  };
  const timer = setInterval(() => void flush(), REPORT_MS);
  timer.unref();

  return {
    watch: (deploymentId, startedAtMs, req, res) => {
      const { socket } = req;
      const before = socket.bytesWritten;
      res.on('close', () => {
        const own = countsOf(deploymentId);
        if (own === undefined) return;
        own.requests++;
        if (res.statusCode >= 500) own.errors++;
        own.egressBytes += Math.max(0, socket.bytesWritten - before);
        const bucket = bucketOf(performance.now() - startedAtMs);
        own.durations[bucket] = (own.durations[bucket] ?? 0) + 1;
      });
    },
    flush,
    close: () => clearInterval(timer),
  };
};
