import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOn } from '../ops.ts';

export interface FakeAgent {
  readonly socketPath: string;
  /** Port inside the sandbox → TCP port on this machine. */
  readonly ports: Map<number, number>;
  tunnels: number;
  close(): Promise<void>;
}

/** The agent's `GET /tunnel/{port}`, as in the protocol: 101 then raw bytes, 502 when nothing listens. */
export const startFakeAgent = async (socketPath: string): Promise<FakeAgent> => {
  const open = new Set<Socket>();
  const server = createServer();
  const agent: FakeAgent = {
    socketPath,
    ports: new Map(),
    tunnels: 0,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  server.on('upgrade', (req, stream, head) => {
    const socket = stream as Socket;
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    const port = agent.ports.get(Number(/^\/tunnel\/([0-9]+)$/.exec(req.url ?? '')?.[1]));
    const nothing = (): void => void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
    if (port === undefined) return nothing();
    const app = connect(port, '127.0.0.1', () => {
      agent.tunnels++;
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: miosa-tunnel\r\n\r\n');
      if (head.length > 0) app.write(head);
      socket.pipe(app).pipe(socket);
    });
    open.add(app);
    app.on('close', () => {
      open.delete(app);
      socket.destroy();
    });
    app.on('error', nothing);
    socket.on('close', () => app.destroy());
  });
  await listenOn(server, socketPath);
  return agent;
};
