import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NO_AUTHENTICATION = Buffer.from([5, 0]);
const CONNECTED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const REFUSED = Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
const BY_NAME = 3;

/** Host and port of a SOCKS5 connect request (RFC 1928, section 4), or null for anything but a name. */
const wanted = (request: Buffer): { host: string; port: number } | null => {
  const length = request[4] ?? 0;
  if (request[3] !== BY_NAME || request.length < 7 + length) return null;
  return { host: request.toString('latin1', 5, 5 + length), port: request.readUInt16BE(5 + length) };
};

const serve = (client: Socket): void => {
  client.on('error', () => client.destroy());
  client.once('data', () => {
    client.write(NO_AUTHENTICATION);
    client.once('data', (request: Buffer) => {
      const target = wanted(request);
      if (target === null || !/(?:^|\.)localhost$/.test(target.host)) return void client.end(REFUSED);
      client.pause();
      const server = connect(target.port, '127.0.0.1', () => {
        client.write(CONNECTED);
        client.pipe(server).pipe(client);
      });
      server.on('error', () => client.destroy()).once('close', () => client.destroy());
      client.once('close', () => server.destroy());
    });
  });
};

/** A SOCKS server for a browser under test: `*.localhost` leads to this machine, and nothing else is there. */
export const wayOut = async (): Promise<{ path: string; close: () => void }> => {
  const folder = mkdtempSync(join(tmpdir(), 'way-out-'));
  const path = join(folder, 'socks');
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    serve(client);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    close: () => {
      server.close();
      for (const client of open) client.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
