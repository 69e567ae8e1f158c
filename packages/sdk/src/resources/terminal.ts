import { closedWith, isPassing } from '../closing.ts';
import { MiosaError } from '../errors.ts';
import type { List } from '../page.ts';
import { backoffMs, sleep } from '../retry.ts';
import type { Socket } from '../socket.ts';
import type { CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data, Item } from '../wire.ts';

export interface TerminalOptions extends Body<'sandboxes.terminal.create'>, CallOptions {
  /** Output, as the terminal gives it: bytes that may end within a character. */
  readonly onData?: (bytes: Uint8Array) => void;
  /** The connection was lost and made anew: what follows begins with the scrollback, so clear the screen. */
  readonly onReset?: () => void;
  /** Default true. */
  readonly reconnect?: boolean;
}

/** How the shell ended. */
export interface TerminalEnd {
  readonly exitCode: number;
  readonly signal: string | null;
}

type Opened = Data<'sandboxes.terminal.create'>;
type Reopen = (size: { readonly cols?: number; readonly rows?: number }) => Promise<Opened>;

const FRAME_BYTES = 64 * 1024;
/** What is typed while there is no connection. */
const HELD_MAX_BYTES = 64 * 1024;
const RECONNECT_MS = 120_000;

/** A connection to a terminal in a sandbox. The terminal itself lives on when it is closed, until its shell ends or `delete` ends it. */
export class Terminal implements Disposable {
  readonly id: string;
  /** How the shell ended; null after `close`. Rejects when the connection is lost for good. */
  readonly ended: Promise<TerminalEnd | null>;
  readonly #open: Reopen;
  readonly #transport: Transport;
  readonly #options: TerminalOptions;
  readonly #settle: PromiseWithResolvers<TerminalEnd | null>;
  #socket: Socket | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #size: { cols?: number; rows?: number } = {};
  #over = false;

  private constructor(transport: Transport, id: string, options: TerminalOptions, open: Reopen) {
    this.id = id;
    this.#transport = transport;
    this.#options = options;
    this.#open = open;
    this.#settle = Promise.withResolvers();
    this.ended = this.#settle.promise;
    this.ended.catch(() => {}); // nobody need look
  }

  static async open(
    transport: Transport,
    options: TerminalOptions,
    create: (body: Body<'sandboxes.terminal.create'>) => Promise<Opened>,
  ): Promise<Terminal> {
    const {
      onData: _data,
      onReset: _reset,
      reconnect: _again,
      signal: _signal,
      timeoutMs: _time,
      maxRetries: _tries,
      idempotencyKey: _key,
      ...body
    } = options;
    const opened = await create(body);
    const terminal = new Terminal(transport, opened.id, options, (size) => create({ id: opened.id, ...size }));
    await terminal.#attach(opened.wsUrl);
    return terminal;
  }

  /** What is typed, or pasted. */
  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    if (this.#over) return;
    if (this.#socket === undefined) {
      if (this.#heldBytes + bytes.length > HELD_MAX_BYTES) return;
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) this.#socket.send(bytes.subarray(at, at + FRAME_BYTES));
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows };
    this.#socket?.send(JSON.stringify({ type: 'resize', cols, rows }));
  }

  /** Stops and restarts the output (not in browsers): a terminal whose viewers all wait, waits too. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Leaves; the terminal and what runs in it live on. */
  close(): void {
    this.#finish(() => this.#settle.resolve(null));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #finish(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.close();
    this.#socket = undefined;
    settle();
  }

  async #attach(address: string): Promise<void> {
    let mine: Socket | undefined;
    mine = await this.#transport.socketAt(address, {
      message: (data) => this.#take(data),
      close: (code, reason) => {
        if (this.#socket === mine) void this.#lost(code, reason);
      },
    });
    if (this.#over) return mine.close();
    this.#socket = mine;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const bytes of held) this.write(bytes);
  }

  #take(data: Uint8Array | string): void {
    if (this.#over) return;
    if (typeof data !== 'string') {
      this.#options.onData?.(data);
      return;
    }
    const message = JSON.parse(data) as { readonly type?: unknown; readonly exit_code?: number; readonly signal?: string | null };
    if (message.type !== 'exit') return;
    this.#finish(() => this.#settle.resolve({ exitCode: message.exit_code ?? 0, signal: message.signal ?? null }));
  }

  async #lost(code: number, reason: string): Promise<void> {
    if (this.#over) return;
    this.#socket = undefined;
    if (this.#options.reconnect === false || !isPassing(code)) return this.#finish(() => this.#settle.reject(closedWith(code, reason)));
    const until = Date.now() + RECONNECT_MS;
    for (let attempt = 0; !this.#over; attempt++) {
      try {
        const { wsUrl } = await this.#open(this.#size);
        this.#options.onReset?.();
        return await this.#attach(wsUrl);
      } catch (error) {
        const passing = error instanceof MiosaError && error.retryable && Date.now() < until;
        if (!passing) return this.#finish(() => this.#settle.reject(error));
        await sleep(backoffMs(Math.min(attempt, 4)), undefined);
      }
    }
  }
}

export const terminalApi = (t: Transport) => {
  const create = (id: string, body: Body<'sandboxes.terminal.create'> = {}, options?: CallOptions): Promise<Opened> =>
    t.data({ method: 'POST', path: path`/sandboxes/${id}/terminal`, body, options });
  const open = (id: string, options: TerminalOptions = {}): Promise<Terminal> => {
    const { signal, timeoutMs, maxRetries } = options;
    return Terminal.open(t, options, (body) => create(id, body, { signal, timeoutMs, maxRetries }));
  };
  return {
    /** A terminal (or, with `id`, an open one) and the address of one WebSocket to it, for a client of your own. */
    create,
    /** A terminal and a connection to it, which comes back by itself when it is lost. */
    open,
    /** A connection to an open terminal; begins with its scrollback. */
    connect: (id: string, terminalId: string, options: TerminalOptions = {}): Promise<Terminal> => open(id, { ...options, id: terminalId }),
    list: (id: string, options?: CallOptions): List<Item<'sandboxes.terminal.list'>> =>
      t.list(path`/sandboxes/${id}/terminal`, undefined, options),
    /** Ends the terminal and all that runs in it. */
    delete: (id: string, terminalId: string, options?: CallOptions): Promise<Data<'sandboxes.terminal.delete'>> =>
      t.data({ method: 'DELETE', path: path`/sandboxes/${id}/terminal/${terminalId}`, options }),
  };
};
