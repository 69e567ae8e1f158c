import type { Sandbox } from '@miosa/sdk';

/** An app that shows what reached it: method, URL, headers and body, as JSON. Bound to loopback, as development servers are. */
const ECHO = `
import { createServer } from 'node:http';
createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, bytes: Buffer.concat(chunks).length }));
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Waits until something listens on the port inside; the platform's own view of ports decides, not time. */
export const listening = async (sandbox: Sandbox, port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    for await (const open of sandbox.ports.list()) if (open.port === port) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
};

export const startEcho = async (sandbox: Sandbox, port = 5173): Promise<void> => {
  await sandbox.files.write('echo.mjs', ECHO);
  await sandbox.processes.start(['node', 'echo.mjs', String(port)]);
  await listening(sandbox, port);
};
