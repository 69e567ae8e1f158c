import type { Internal } from './internal.ts';

/** Calls to the control plane that start something: one for each thing, however many visitors wait for it. */
export interface WakeCalls {
  /** The status of the answer; 0: the control plane could not be reached. Never rejects. */
  call(path: string): Promise<number>;
  underWay(path: string): Promise<number> | undefined;
}

/** Of a sandbox, or of a machine of a deployment. */
export const machinePath = (id: string): string => `/internal/sandboxes/${encodeURIComponent(id)}/wake`;
/** Of a version that has no instance. */
export const versionPath = (id: string): string => `/internal/deployments/versions/${encodeURIComponent(id)}/wake`;

export const createWakeCalls = (deps: { readonly internal: Internal; readonly timeoutMs: number }): WakeCalls => {
  const calls = new Map<string, Promise<number>>();
  return {
    call: (path) => {
      const running = calls.get(path);
      if (running) return running;
      const call = deps.internal
        .post(path, {}, deps.timeoutMs)
        .then(({ status }) => status)
        .catch(() => 0)
        .finally(() => calls.delete(path));
      calls.set(path, call);
      return call;
    },
    underWay: (path) => calls.get(path),
  };
};
