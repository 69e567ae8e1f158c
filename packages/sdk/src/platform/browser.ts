import { ConnectionError } from '../errors.ts';
import type { Fetch } from '../fetch.ts';
import type { Sockets } from '../socket.ts';

/** Browsers have no environment variables. */
export const environment = (_name: string): string | undefined => undefined;

/** Browsers resolve `*.localhost` and hold their own certificate store: the standard `fetch` is always right. */
export const platformFetch = (_baseUrl: URL, _ca: string | undefined): Fetch | undefined => undefined;

/** The standard WebSocket. It does not say why a handshake failed. */
export const platformSockets = (_ca: string | undefined): Sockets => ({
  takesHeaders: false,
  open: (url, _headers, events) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      let opened = false;
      socket.onopen = () => {
        opened = true;
        resolve({
          send: (data) => {
            if (socket.readyState === WebSocket.OPEN) socket.send(data as Uint8Array<ArrayBuffer> | string);
          },
          get bufferedBytes() {
            return socket.bufferedAmount;
          },
          pause: () => {},
          resume: () => {},
          close: () => socket.close(1000),
        });
      };
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
        events.message(typeof data === 'string' ? data : new Uint8Array(data));
      socket.onclose = ({ code, reason }) => {
        if (opened) return events.close(code, reason);
        reject(new ConnectionError({ status: 0, code: 'CONNECTION_LOST', message: 'The WebSocket could not be opened.' }));
      };
    }),
});
