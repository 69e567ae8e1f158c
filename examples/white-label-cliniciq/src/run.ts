import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Miosa, MiosaError, type MiosaOptions } from '@miosa/sdk';
import { appOf, type Clinic, createApp, view } from './apps.ts';
import { bundlePage } from './bundle.ts';

export interface ExampleOptions {
  /** `msk_live_…`; stays in this process. */
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly ca?: string;
  /** 0 = any free one. */
  readonly port?: number;
}

// Stands for ClinicIQ's own users and log-in: a session cookie → a person of a clinic. None of them knows MIOSA.
const smith: Clinic = { id: 'clinic_123', name: 'Dr. Smith Clinic', slug: 'dr-smith-clinic' };
const downtown: Clinic = { id: 'clinic_456', name: 'Downtown Dental', slug: 'downtown-dental' };
const SESSIONS = new Map([
  ['dr-smith', { userId: 'dr-smith-456', clinic: smith }],
  ['downtown', { userId: 'reception-1', clinic: downtown }],
]);
const sessionOf = (request: IncomingMessage) =>
  SESSIONS.get(/(?:^|; )session=([a-z-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'dr-smith');

const BODY_LIMIT = 10_000;
const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) throw new RangeError('The request is too long.');
  }
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
};

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ClinicIQ</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><div id="root"></div><script type="module" src="/page.js"></script>`;
const STYLE = readFileSync(new URL('./page.css', import.meta.url), 'utf8');
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-src https:; base-uri 'none'";

/** ClinicIQ's backend: holds the key, serves its own customers. Their browsers get a preview token for one sandbox, for an hour. */
export const startExample = async (options: ExampleOptions): Promise<{ url: string; close: () => Promise<void> }> => {
  const connection: MiosaOptions = { baseUrl: options.baseUrl, ...(options.ca === undefined ? {} : { ca: options.ca }) };
  const miosa = new Miosa({ ...connection, apiKey: options.apiKey });
  const script = await bundlePage(miosa.baseUrl);

  const api = async (request: IncomingMessage, path: string): Promise<[number, unknown]> => {
    const session = sessionOf(request);
    if (session === undefined) return [401, { error: 'Please sign in.' }];
    const { clinic, userId } = session;
    if (request.method === 'GET' && path === '/api/me') return [200, { clinic: clinic.name }];
    if (request.method === 'GET' && path === '/api/apps')
      return [200, (await miosa.sandboxes.list({ externalWorkspaceId: clinic.id, limit: 100 }).all()).map(view)];
    // No other site may make a visitor's browser act here.
    if (request.method !== 'POST' || request.headers['sec-fetch-site'] === 'cross-site') return [405, { error: 'Not allowed.' }];
    if (path === '/api/apps') {
      const { name = 'Summer Lead Magnet' } = await bodyOf(request);
      return [201, await createApp(miosa, clinic, userId, String(name))];
    }
    const sandbox = await appOf(miosa, clinic, /^\/api\/apps\/(sbx_[a-z0-9]+)\/token$/.exec(path)?.[1] ?? 'none');
    if (sandbox === undefined) return [404, { error: 'There is no such app.' }];
    const { token, expiresAt, url } = await sandbox.previewToken({ expiresIn: 3600 });
    return [200, { token, expiresAt, url }];
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const send = (status: number, type: string, body: string): void =>
      void response
        .writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': CSP, 'cache-control': 'no-store' })
        .end(body);
    if (path === '/') return send(200, 'text/html', PAGE);
    if (path === '/page.css') return send(200, 'text/css', STYLE);
    if (path === '/page.js') return send(200, 'text/javascript', script);
    const [status, body] = await api(request, path).catch((error: unknown): [number, unknown] => {
      if (error instanceof MiosaError && error.status === 410) return [410, { error: 'This app has ended.' }];
      // What MIOSA says is for our log; our customers get words of our own.
      console.error(error instanceof MiosaError ? `MIOSA: ${error.code} ${error.message} (${error.requestId})` : error);
      return [502, { error: 'That did not work. Please try again.' }];
    });
    send(status, 'application/json', JSON.stringify(body));
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve));
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close };
};
