import { Agent } from 'node:http';
import { Fault } from '@miosa/kernel';
import type { AgentEndpoint } from '@miosa/runtime';
import { ConnectionsClosed } from './faults.ts';

/** Requests to one sandbox at once. More would only queue: each costs a process inside. */
const IN_FLIGHT_MAX = 256;
/** An unused connection is closed after this, so a thousand idle sandboxes hold no sockets. */
const IDLE_SOCKET_MS = 15_000;
const IDLE_SOCKETS_MAX = 4;

/** A request, or the connection it has become. */
export interface Cuttable {
  destroy(error?: Error): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** Kept-alive connections to the agent of one sandbox. */
export interface Pool {
  readonly endpoint: AgentEndpoint;
  readonly agent: Agent;
  /** Registers a request, or a connection made by one, so that `close` can cut it. */
  track(request: Cuttable): void;
  close(): void;
}

export const createPool = (endpoint: AgentEndpoint): Pool => {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS_MAX, timeout: IDLE_SOCKET_MS });
  const open = new Set<Cuttable>();
  return {
    endpoint,
    agent,
    track: (request) => {
      if (open.size >= IN_FLIGHT_MAX) {
        request.destroy();
        throw new Fault('UNAVAILABLE', `More than ${IN_FLIGHT_MAX} requests to this sandbox are running. Wait for some to end.`, {
          details: { reason: 'too_many_requests_in_flight' },
        });
      }
      open.add(request);
      request.once('close', () => open.delete(request));
    },
    close: () => {
      for (const request of open) {
        const cut = new ConnectionsClosed();
        request.destroy(cut); // before the answer this fails the request, after it the answer's stream
      }
      agent.destroy();
    },
  };
};

/** The pools of all sandboxes this process talks to. */
export interface Pools {
  of(sandboxId: string, endpoint: AgentEndpoint): Pool;
  has(sandboxId: string): boolean;
  /** Cuts everything open to a sandbox that no longer runs. */
  close(sandboxId: string): void;
  closeAll(): void;
}

const sameEndpoint = (a: AgentEndpoint, b: AgentEndpoint): boolean =>
  'socketPath' in a
    ? 'socketPath' in b && a.socketPath === b.socketPath
    : 'host' in b && a.host === b.host && a.port === b.port && a.secret === b.secret;

export const createPools = (): Pools => {
  const pools = new Map<string, Pool>();
  const close = (id: string): void => {
    pools.get(id)?.close();
    pools.delete(id);
  };
  return {
    of: (id, endpoint) => {
      const known = pools.get(id);
      if (known !== undefined && sameEndpoint(known.endpoint, endpoint)) return known;
      close(id);
      const made = createPool(endpoint);
      pools.set(id, made);
      return made;
    },
    has: (id) => pools.has(id),
    close,
    closeAll: () => {
      for (const id of [...pools.keys()]) close(id);
    },
  };
};
