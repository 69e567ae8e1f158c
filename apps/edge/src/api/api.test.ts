import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { SandboxRoute } from '../routes/types.ts';
import { call, open } from '../testing/client.ts';
import { API_HOST, type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let seen: IncomingMessage | undefined;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.close());
beforeEach(() => {
  platform.control.api = (req, res) => {
    seen = req;
    res.writeHead(200, { server: 'x', 'x-request-id': 'req_from_api' }).end(req.url);
  };
});

describe('the API host', () => {
  it('passes requests through with the real address of the visitor and nothing forged', async () => {
    const answer = await platform.getTls(`${API_HOST}:8443`, '/api/v1/sandboxes?limit=1', {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        authorization: 'Bearer msk_live_x',
        'x-miosa-tenant': 'cliniciq',
        'x-request-id': 'trace-1234',
      },
    });
    expect([answer.status, answer.body, answer.headers.server]).toEqual([200, '/api/v1/sandboxes?limit=1', undefined]);
    expect(seen?.headers).toMatchObject({
      host: `${API_HOST}:8443`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `${API_HOST}:8443`,
      authorization: 'Bearer msk_live_x',
      'x-miosa-tenant': 'cliniciq',
      'x-request-id': 'trace-1234',
    });
  });

  it('streams events and uploads at once', async () => {
    platform.control.api = (req, res) => {
      req.on('data', (chunk) => res.write(`data: ${String(chunk)}\n\n`));
      req.on('end', () => res.end());
    };
    const message = await open({ port: platform.httpPort, host: API_HOST, path: '/api/v1/x', method: 'POST', body: 'abc' });
    expect(String(await new Promise((resolve) => message.once('data', resolve)))).toBe('data: abc\n\n');
    message.destroy();
  });

  it('says 503 in JSON while the control plane is down', async () => {
    platform.control.api = (req) => req.socket.destroy();
    const answer = await platform.get(API_HOST, '/api/v1/x', { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(answer.body).error).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('passes WebSockets through', async () => {
    const sockets = new WebSocketServer({ server: platform.control.publicServer });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
    const socket = new WebSocket(`ws://127.0.0.1:${platform.httpPort}/api/v1/terminal`, { headers: { host: API_HOST } });
    const echo = new Promise((resolve) => void socket.on('message', (data) => resolve(String(data))));
    socket.on('open', () => socket.send('hi'));
    expect(await echo).toBe('hi');
    socket.terminate();
    sockets.close();
  });

  it('points to the reference at its root', async () => {
    expect(JSON.parse((await platform.get(API_HOST)).body).data.docs).toBe('/docs');
    expect((await platform.get(API_HOST, '/', { headers: { accept: 'text/html' } })).body).toContain('href="/docs"');
  });
});

describe('/embed', () => {
  let route: SandboxRoute;
  let host: (port?: number) => string;
  beforeAll(async () => {
    ({ route, host } = await platform.sandbox());
  });
  const embed = (query: string, id = route.id) => platform.get(API_HOST, `/embed/${id}?${query}`, { headers: { accept: 'text/html' } });

  it('sends a good token to the preview it is for, uncached', async () => {
    const token = platform.mint(route, { port: 3000 });
    const answer = await embed(`mt=${token}&path=${encodeURIComponent('/a b?x=1')}`);
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe(`http://${host(3000)}:8080/a%20b?x=1&mt=${token}`);
    expect([answer.headers['cache-control'], answer.headers['referrer-policy']]).toEqual(['no-store', 'no-referrer']);
    const secure = await platform.getTls(API_HOST, `/embed/${route.id}?mt=${token}`);
    expect(secure.headers.location).toBe(`https://${host(3000)}:8443/?mt=${token}`);
    const share = platform.mint(route, { exp: null }, 'share');
    expect((await embed(`ms=${share}&port=5173`)).headers.location).toContain(`/?ms=${share}`);
  });

  it('never leads to another host', async () => {
    const token = platform.mint(route);
    for (const path of [
      '//evil.example',
      'https://evil.example',
      '@evil.example',
      '/\\evil.example',
      '\\\\evil',
      '.evil.example',
      ':80@evil',
    ]) {
      const { headers } = await embed(`mt=${token}&path=${encodeURIComponent(path)}`);
      expect(new URL(String(headers.location)).host).toBe(`${host()}:8080`);
    }
  });

  it('refuses without a token (401), with a wrong one, for another port or sandbox (403); tells an embedding page', async () => {
    const none = await embed('');
    expect(none.status).toBe(401);
    expect(none.body).toContain(`data-expired="${route.id}"`);
    const token = platform.mint(route);
    const other = await platform.sandbox();
    expect((await embed('mt=mp_wrong')).status).toBe(403);
    expect((await embed(`mt=${token}&port=3000`)).status).toBe(403);
    for (const port of ['0', '05173', '5173x', '-1', '70000']) expect((await embed(`mt=${token}&port=${port}`)).status).toBe(403);
    expect((await embed(`mt=${token}`, other.route.id)).status).toBe(403);
    expect((await embed(`mt=${token}`, 'sbx_00000000000000000000000000')).status).toBe(403);
    expect((await embed(`mt=${token}`, '..%2f')).status).toBe(403);
  });

  it('says 410 for a destroyed sandbox', async () => {
    const gone = await platform.sandbox({ state: 'destroyed' });
    expect((await embed(`mt=${platform.mint(gone.route)}`, gone.route.id)).status).toBe(410);
  });
});

it('every answer has a request id', async () => {
  for (const host of [API_HOST, 'unknown.example']) {
    expect((await call({ port: platform.httpPort, host })).headers['x-request-id']).toBeTruthy();
  }
});
