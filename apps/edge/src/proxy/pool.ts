import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AgentEndpoint } from '../routes/types.ts';
import { openTunnel } from './tunnel.ts';

export interface TunnelTarget {
  readonly sandboxId: string;
  readonly endpoint: AgentEndpoint;
  readonly port: number;
}

export interface TunnelRequest extends ClientRequestArgs {
  readonly tunnel: TunnelTarget;
}

const at = (endpoint: AgentEndpoint): string => ('socketPath' in endpoint ? endpoint.socketPath : `${endpoint.host}:${endpoint.port}`);

/** An idle connection is closed after this long, or earlier when the app's `Keep-Alive` header says so. */
const IDLE_MS = 15_000;
/** Open connections to one port of one sandbox; more requests wait. Many visitors may hold one event stream each. */
const MAX_PER_PORT = 512;
const MAX_IDLE_PER_PORT = 64;

/** Node's connection pool over agent tunnels. The pool key holds sandbox and port, so no connection ever serves a second sandbox. */
class TunnelAgent extends Agent {
  override getName(options?: ClientRequestArgs): string {
    const { sandboxId, endpoint, port } = (options as TunnelRequest).tunnel;
    return `${sandboxId} ${port} ${at(endpoint)}`;
  }

  override createConnection(options: ClientRequestArgs, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const { endpoint, port } = (options as TunnelRequest).tunnel;
    openTunnel(endpoint, port, done as (error: Error | null, stream?: Duplex) => void);
  }
}

export interface Pool {
  /** For requests that may be sent again when a kept connection turns out to be dead. */
  readonly kept: Agent;
  /** For all others: a connection of their own, so that an app's idle timeout can never eat a POST. */
  readonly fresh: Agent;
  /** Closes idle connections to a sandbox; ones in use end by themselves. */
  drop(sandboxId: string): void;
  close(): void;
}

export const createPool = (): Pool => {
  const limits: AgentOptions = { maxSockets: MAX_PER_PORT, maxFreeSockets: MAX_IDLE_PER_PORT, scheduling: 'lifo' };
  const kept = new TunnelAgent({ ...limits, keepAlive: true, timeout: IDLE_MS });
  const fresh = new TunnelAgent({ ...limits, keepAlive: false });
  return {
    kept,
    fresh,
    drop: (sandboxId) => {
      for (const [name, sockets] of Object.entries(kept.freeSockets)) {
        if (name.startsWith(`${sandboxId} `)) for (const socket of sockets ?? []) socket.destroy();
      }
    },
    close: () => {
      kept.destroy();
      fresh.destroy();
    },
  };
};
