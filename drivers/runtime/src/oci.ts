import { Agent, request } from 'node:http';
import { ERROR_CODES, type ErrorCode, Fault } from '@miosa/kernel';
import type {
  BlockedTraffic,
  RuntimeCapabilities,
  RuntimeInstance,
  RuntimePort,
  RuntimeSample,
  RuntimeSnapshot,
  RuntimeStats,
} from './port.ts';

export interface OciRuntimeOptions {
  /** The runner's socket; whoever may open it may command the runner. */
  readonly socketPath: string;
  /** Longer than any operation of the runner; a runner that is silent for so long is broken. Milliseconds. */
  readonly timeoutMs?: number;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const isErrorCode = (code: unknown): code is ErrorCode => ERROR_CODES.some((known) => known === code);

const faultOf = (reply: Reply): Fault => {
  const { code, message, details } = (reply.body ?? {}) as { code?: unknown; message?: unknown; details?: Record<string, unknown> };
  return new Fault(
    isErrorCode(code) ? code : 'INTERNAL',
    typeof message === 'string' ? message : 'The runner gave no reason.',
    details === undefined ? {} : { details },
  );
};

const unavailable = (cause: Error): Fault =>
  new Fault('UPSTREAM_UNREACHABLE', 'The sandbox runner of this host is not reachable; try again shortly.', {
    internal: cause.message,
    cause,
  });

/**
 * Sandboxes of this host through `apps/runner`. Calls that were cut off may be repeated: every method is idempotent by id.
 * Throws `Fault`s with the runner's codes; UPSTREAM_UNREACHABLE when it does not answer.
 */
export const createOciRuntime = ({ socketPath, timeoutMs = 60_000 }: OciRuntimeOptions): RuntimePort & { close(): void } => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const once = (method: string, path: string, body?: object): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const call = request({ socketPath, agent, method, path, headers, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const received = Buffer.concat(chunks).toString('utf8');
          try {
            resolve({ status: response.statusCode ?? 0, body: received === '' ? undefined : JSON.parse(received) });
          } catch (error) {
            reject(error);
          }
        });
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      call.on('error', reject);
      call.end(text);
    });
  const send = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const reply = await once(method, path, body).catch((error: Error) => {
      throw unavailable(error);
    });
    if (reply.status >= 400) throw faultOf(reply);
    return reply.body as T;
  };
  const at = (id: string): string => `/sandboxes/${encodeURIComponent(id)}`;
  return {
    create: (spec) => send<RuntimeInstance>('POST', '/sandboxes', spec),
    pause: (id) => send<RuntimeInstance>('POST', `${at(id)}/pause`),
    resume: (id) => send<RuntimeInstance>('POST', `${at(id)}/resume`),
    stop: (id) => send<RuntimeInstance>('POST', `${at(id)}/stop`),
    destroy: (id) => send<void>('DELETE', at(id)),
    snapshot: (id, snapshotId) => send<RuntimeSnapshot>('POST', `${at(id)}/snapshot`, { snapshotId }),
    restore: (id, snapshotId) => send<RuntimeInstance>('POST', `${at(id)}/restore`, { snapshotId }),
    deleteSnapshot: (snapshotId) => send<void>('DELETE', `/snapshots/${encodeURIComponent(snapshotId)}`),
    listSnapshots: () => send<RuntimeSnapshot[]>('GET', '/snapshots'),
    inspect: async (id) => {
      try {
        return await send<RuntimeInstance>('GET', at(id));
      } catch (error) {
        if (error instanceof Fault && error.code === 'NOT_FOUND') return null;
        throw error;
      }
    },
    list: () => send<RuntimeInstance[]>('GET', '/sandboxes'),
    stats: (id) => send<RuntimeStats>('GET', `${at(id)}/stats`),
    resize: (id, shape) => send<RuntimeInstance>('PUT', `${at(id)}/shape`, shape),
    samples: (id, since) => send<RuntimeSample[]>('GET', `${at(id)}/samples?since=${since.getTime()}`),
    counters: () => send<Awaited<ReturnType<RuntimePort['counters']>>>('GET', '/counters'),
    setNetworkPolicy: (id, levels) => send<void>('PUT', `${at(id)}/network-policy`, { levels }),
    setSecrets: (id, secrets) => send<{ trust: string | null }>('PUT', `${at(id)}/secrets`, secrets),
    blockedTraffic: (id, since) => send<BlockedTraffic[]>('GET', `${at(id)}/blocked?since=${since.getTime()}`),
    capabilities: () => send<RuntimeCapabilities>('GET', '/capabilities'),
    close: () => agent.destroy(),
  };
};
