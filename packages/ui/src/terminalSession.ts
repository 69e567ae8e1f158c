import { Miosa, MiosaError, type Terminal, type TerminalOptions } from '@miosa/sdk';
import type { Screen } from './screen.ts';

export interface SessionPlace {
  readonly baseUrl: string | undefined;
  readonly sandboxId: string;
  /** Asked for each call, so that a fresh one is used from then on. */
  readonly token: () => string;
  /** An open terminal to come back to; when it is gone, a new one is opened. */
  readonly terminalId: string | undefined;
  readonly cwd: string | undefined;
  readonly shell: string | undefined;
}

export interface SessionEvents {
  readonly onOpen: (terminalId: string) => void;
  readonly onExit: (code: number) => void;
  /** It ended otherwise. */
  readonly onEnd: (error: Error) => void;
  /** A fresh token, if there is one; the old one has ended. */
  readonly renew: () => Promise<boolean>;
}

export interface Session {
  write(text: string): void;
  resize(cols: number, rows: number): void;
  /** Leaves the terminal; `end` also ends it and what runs in it. */
  close(end: boolean): void;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
const hasStatus = (error: unknown, status: number): boolean => error instanceof MiosaError && error.status === status;

/** Only tokens made for browsers; the message never repeats the token. */
export const checkTerminalToken = (token: string): void => {
  if (token.startsWith('msk_'))
    throw new Error(
      'MiosaTerminal: an API key (msk_…) must never reach a browser. Mint a browser token with terminal:open on your server.',
    );
  if (!/^(mbt_|eyJ)/.test(token))
    throw new Error('MiosaTerminal: token must be a browser token (mbt_…) with the permission terminal:open.');
};

/** Keeps a screen joined with a terminal until one of them ends: over lost connections, and over the end of a token when there is a fresh one. */
export const startSession = (place: SessionPlace, screen: Screen, events: SessionEvents): Session => {
  const miosa = new Miosa({ token: place.token, ...(place.baseUrl === undefined ? {} : { baseUrl: place.baseUrl }) });
  let terminal: Terminal | undefined;
  let closed: { readonly end: boolean } | undefined;

  const open = (id: string | undefined): Promise<Terminal> => {
    const { cols, rows } = screen;
    const fresh = { ...(place.cwd === undefined ? {} : { cwd: place.cwd }), ...(place.shell === undefined ? {} : { shell: place.shell }) };
    const options: TerminalOptions = { cols, rows, onData: (bytes) => screen.write(bytes), onReset: () => screen.reset() };
    return miosa.sandboxes.terminal.open(place.sandboxId, id === undefined ? { ...options, ...fresh } : { ...options, id });
  };
  const openOrReplace = async (id: string | undefined): Promise<Terminal> => {
    try {
      return await open(id);
    } catch (error) {
      if (id === undefined || !hasStatus(error, 404)) throw error;
      return open(undefined);
    }
  };
  const leave = ({ end }: { readonly end: boolean }): void => {
    terminal?.close();
    if (end && terminal !== undefined) miosa.sandboxes.terminal.delete(place.sandboxId, terminal.id).catch(() => {});
  };
  const run = async (id: string | undefined): Promise<void> => {
    try {
      terminal = await openOrReplace(id);
      if (closed !== undefined) return leave(closed);
      events.onOpen(terminal.id);
      terminal.resize(screen.cols, screen.rows); // it may have changed meanwhile
      const ended = await terminal.ended;
      if (ended !== null) events.onExit(ended.exitCode);
    } catch (error) {
      if (closed !== undefined) return;
      if (hasStatus(error, 401) && (await events.renew())) {
        screen.reset();
        return run(terminal?.id ?? id);
      }
      events.onEnd(asError(error));
    }
  };
  void run(place.terminalId);
  return {
    write: (text) => terminal?.write(text),
    resize: (cols, rows) => terminal?.resize(cols, rows),
    close: (end) => {
      closed = { end };
      leave(closed);
    },
  };
};
