import type { ServerResponse } from 'node:http';
import { REFUSALS, type Refusal } from '../../refusal.ts';
import type { TunnelTarget } from '../pool.ts';
import { openTunnel } from '../tunnel.ts';
import { type Connection, createConnection } from './connection.ts';

export interface LeanExchange {
  readonly res: ServerResponse;
  readonly target: TunnelTarget;
  /** GET, HEAD or OPTIONS: the request may be sent a second time when a kept connection turns out to be dead. */
  readonly method: string;
  readonly path: string;
  /** Name, value, …; without Connection. */
  readonly headers: readonly string[];
  readonly answer: (rawHeaders: readonly string[]) => string[];
  readonly firstByteMs: number;
  /** Called once, and only while no byte has been sent. */
  readonly refuse: (refusal: Refusal, error?: Error) => void;
}

export interface LeanClient {
  /** Whether it may open a further connection to this machine. Many visitors may hold one event stream each. */
  hasRoom(machineId: string): boolean;
  /** Passes a request without a body on, and its answer back. The function it returns ends both, when the visitor has left. */
  send(exchange: LeanExchange): () => void;
  /** Connections to a machine end: idle ones now, the others with their answer. */
  drop(machineId: string): void;
  close(): void;
}

const IDLE_MS = 15_000;
const SWEEP_MS = 1_000;
const MAX_IDLE_PER_PORT = 64;
const MAX_PER_MACHINE = 512;
const SMALL_BYTES = 16_384;
/** As Node's client: nothing that would end the request line. */
const NOT_IN_PATH = /[^\u0021-\u00ff]/;

interface Idle {
  readonly connection: Connection;
  readonly until: number;
}

const keyOf = ({ sandboxId, endpoint, port }: TunnelTarget): string =>
  `${sandboxId} ${port} ${'socketPath' in endpoint ? endpoint.socketPath : `${endpoint.host}:${endpoint.port}`}`;

const headOf = ({ method, path, headers }: LeanExchange): string => {
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}Connection: keep-alive\r\n\r\n`;
};

export const createLeanClient = (): LeanClient => {
  // The key holds the machine, so no connection ever serves a second one.
  const idle = new Map<string, Idle[]>();
  const open = new Map<string, Set<Connection>>();

  const takeIdle = (key: string): Connection | undefined => {
    const found = idle.get(key)?.pop();
    return found === undefined || found.until > Date.now() ? found?.connection : void found.connection.destroy();
  };
  const forget = (connection: Connection, key: string): void => {
    const kept = idle.get(key);
    const at = kept?.findIndex((entry) => entry.connection === connection) ?? -1;
    if (at >= 0) kept?.splice(at, 1);
    if (kept?.length === 0) idle.delete(key);
    const own = open.get(connection.machineId);
    own?.delete(connection);
    if (own?.size === 0) open.delete(connection.machineId);
  };
  const free = (connection: Connection, key: string, keepMs: number): void => {
    const kept = idle.get(key) ?? [];
    if (kept.length >= MAX_IDLE_PER_PORT) return void connection.destroy();
    idle.set(key, kept);
    kept.push({ connection, until: Date.now() + keepMs });
  };
  const sweep = setInterval(() => {
    const now = Date.now();
    for (const kept of idle.values()) for (const { connection, until } of kept) if (until <= now) connection.destroy();
  }, SWEEP_MS);
  sweep.unref();

  const dial = (target: TunnelTarget, key: string, done: (error: Error | null, connection?: Connection) => void): void => {
    openTunnel(target.endpoint, target.port, (error, socket) => {
      if (error !== null || socket === undefined) return void done(error ?? new Error('no connection'));
      const connection = createConnection({
        ...{ socket, machineId: target.sandboxId, idleMs: IDLE_MS },
        onFree: (freed, keepMs) => free(freed, key, keepMs),
        onClose: (closed) => forget(closed, key),
      });
      open.set(target.sandboxId, (open.get(target.sandboxId) ?? new Set()).add(connection));
      done(null, connection);
    });
  };

  const send = (exchange: LeanExchange): (() => void) => {
    const { res, target, method, refuse, firstByteMs } = exchange;
    if (NOT_IN_PATH.test(exchange.path)) {
      refuse(REFUSALS.badRequest);
      return () => undefined;
    }
    const key = keyOf(target);
    const text = headOf(exchange);
    let current: Connection | null = null;
    let settled = false;

    const settle = (): boolean => {
      const first = !settled;
      settled = true;
      clearTimeout(timer);
      return first;
    };
    const give = (refusal: Refusal, error?: Error): void => {
      if (!settle()) return;
      current?.destroy();
      if (!res.destroyed) refuse(refusal, error);
    };
    const timer = setTimeout(() => give(REFUSALS.tooSlow), firstByteMs);

    const ask = (connection: Connection): void => {
      current = connection;
      let silent = true;
      let waitsForDrain = false;
      connection.ask(text, {
        method,
        head: ({ status, rawHeaders }) => {
          settle();
          res.sendDate = false;
          try {
            res.writeHead(status, exchange.answer(rawHeaders));
          } catch (error) {
            connection.destroy();
            refuse(REFUSALS.brokenAnswer, error as Error);
          }
        },
        // Head and first bytes go out together when both are there; otherwise (event streams) the head must not wait for bytes.
        more: () => {
          if (silent) setImmediate(() => silent && !res.writableEnded && res.flushHeaders());
        },
        content: (part) => {
          silent = false;
          if (res.write(part)) return true;
          if (!waitsForDrain) {
            waitsForDrain = true;
            res.once('drain', () => {
              waitsForDrain = false;
              connection.resume();
            });
          }
          return false;
        },
        done: (last) => {
          current = null;
          if (last === null) res.end();
          // As text it leaves with the head in one piece: one system call on one buffer.
          else if (last.length <= SMALL_BYTES) res.end(last.toString('latin1'), 'latin1');
          else res.end(last);
        },
        failed: (error, started) => {
          current = null;
          if (!started && connection.used && !settled && !res.destroyed) return void connect();
          if (settled)
            res.destroy(); // an answer cut short must not look complete
          else give(REFUSALS.brokenAnswer, error);
        },
      });
    };
    const connect = (): void =>
      dial(target, key, (error, connection) => {
        if (settled) return void connection?.destroy();
        if (connection !== undefined) return void ask(connection);
        give(
          (error as NodeJS.ErrnoException).code === 'NOTHING_LISTENS' ? REFUSALS.nothingListens : REFUSALS.brokenAnswer,
          error ?? undefined,
        );
      });

    const kept = takeIdle(key);
    if (kept === undefined) connect();
    else ask(kept);
    return () => {
      settle();
      current?.destroy();
    };
  };

  return {
    hasRoom: (machineId) => (open.get(machineId)?.size ?? 0) < MAX_PER_MACHINE,
    send,
    drop: (machineId) => {
      for (const connection of [...(open.get(machineId) ?? [])]) connection.retire();
    },
    close: () => {
      clearInterval(sweep);
      for (const connection of [...open.values()].flatMap((own) => [...own])) connection.destroy();
    },
  };
};
