export interface Asked {
  readonly signal: AbortSignal;
  readonly promise: Promise<void>;
}

/** Ctrl-C, SIGTERM or a closed terminal. The second Ctrl-C changes nothing: stopping is bounded in time and leaves nothing behind. */
export const untilAsked = (): Asked => {
  const controller = new AbortController();
  const promise = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        controller.abort();
        resolve();
      });
    }
  });
  return { signal: controller.signal, promise };
};
