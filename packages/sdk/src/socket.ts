/** What a WebSocket tells its user. */
export interface SocketEvents {
  /** A binary frame as bytes, a text frame as text. */
  message(data: Uint8Array | string): void;
  /** Once, after `open` was resolved: the code and reason of the other side, 1006 for a connection that broke. */
  close(code: number, reason: string): void;
}

export interface Socket {
  send(data: Uint8Array | string): void;
  /** Not yet handed to the network. */
  readonly bufferedBytes: number;
  /** Stops and restarts reading where the platform can; browsers cannot. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface Sockets {
  /** Whether `headers` are sent: browsers send none. */
  readonly takesHeaders: boolean;
  /** @throws MiosaError when the server refuses, or cannot be reached. */
  open(url: string, headers: Readonly<Record<string, string>>, events: SocketEvents): Promise<Socket>;
}
