import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket as NetSocket } from 'node:net';
import { errorOfAnswer, MiosaError } from '../errors.ts';
import { lost } from '../failures.ts';
import type { Socket, SocketEvents, Sockets } from '../socket.ts';
import { lookup } from './nodeFetch.ts';
import { clientFrame, createMessageReader, OPCODE } from './nodeFrames.ts';

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HANDSHAKE_MS = 60_000; // a paused sandbox is woken first
const FAREWELL_MS = 5000;

const refusal = async (response: IncomingMessage): Promise<MiosaError> => {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const requestId = response.headers['x-request-id'];
  return errorOfAnswer(response.statusCode ?? 0, text, typeof requestId === 'string' ? requestId : null, undefined);
};

const closeReason = (payload: Buffer): [number, string] =>
  payload.length < 2 ? [1005, ''] : [payload.readUInt16BE(0), payload.toString('utf8', 2)];

const serve = (net: NetSocket, early: Buffer, events: SocketEvents): Socket => {
  let outcome: [number, string] = [1006, ''];
  const send = (opcode: number, payload: Uint8Array): void => {
    if (net.writable) net.write(clientFrame(opcode, payload));
  };
  const finish = (): void => {
    setTimeout(() => net.destroy(), FAREWELL_MS).unref();
    net.end();
  };
  const read = createMessageReader((opcode, payload) => {
    if (opcode === OPCODE.binary) events.message(payload);
    else if (opcode === OPCODE.text) events.message(payload.toString('utf8'));
    else if (opcode === OPCODE.ping) send(OPCODE.pong, payload);
    else if (opcode === OPCODE.close) {
      outcome = closeReason(payload);
      send(OPCODE.close, payload.subarray(0, 2));
      finish();
    }
  });
  const onData = (chunk: Buffer): void => {
    try {
      read(chunk);
    } catch {
      net.destroy(); // no server of ours: the user hears 1006
    }
  };
  net.setNoDelay(true);
  net.setTimeout(0);
  net.on('error', () => {});
  net.once('close', () => events.close(...outcome));
  // After `open` has resolved: nothing is delivered before its caller holds the socket.
  setImmediate(() => {
    if (early.length > 0) onData(early);
    net.on('data', onData);
  });
  return {
    send: (data) => (typeof data === 'string' ? send(OPCODE.text, Buffer.from(data)) : send(OPCODE.binary, data)),
    get bufferedBytes() {
      return net.writableLength;
    },
    pause: () => void net.pause(),
    resume: () => void net.resume(),
    close: () => {
      send(OPCODE.close, Buffer.from([0x03, 0xe8])); // 1000
      finish();
      net.resume();
    },
  };
};

/** WebSockets over `node:http(s)`: with headers, `*.localhost` names and a CA of one's own, none of which the standard one takes. */
export const nodeSockets = (ca: string | undefined): Sockets => ({
  takesHeaders: true,
  open: (url, headers, events) =>
    new Promise((resolve, reject) => {
      const key = randomBytes(16).toString('base64');
      const target = url.replace(/^ws/, 'http');
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key };
      const options = { lookup, headers: { ...headers, ...upgrade }, timeout: HANDSHAKE_MS, agent: false } as const;
      const request = target.startsWith('https:')
        ? httpsRequest(target, { ...options, ...(ca === undefined ? {} : { ca }) })
        : httpRequest(target, options);
      request.once('upgrade', (response, net: NetSocket, early) => {
        const expected = createHash('sha1')
          .update(key + GUID)
          .digest('base64');
        if (response.headers['sec-websocket-accept'] === expected) return resolve(serve(net, early, events));
        net.destroy();
        reject(lost(new Error('the handshake was not answered as it should'), target));
      });
      request.once('response', (response) => refusal(response).then(reject, (error: unknown) => reject(lost(error, target))));
      request.once('timeout', () => request.destroy(new Error('timed out')));
      request.on('error', (error) => reject(error instanceof MiosaError ? error : lost(error, target)));
      request.end();
    }),
});
