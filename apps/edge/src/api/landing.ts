import type { IncomingMessage, ServerResponse } from 'node:http';
import { STYLE } from '../pages/assets.ts';
import { POLICY } from '../pages/page.ts';
import type { Visit } from '../visit.ts';

export const isLanding = (req: IncomingMessage): boolean =>
  (req.url === '/' || req.url?.startsWith('/?') === true) && (req.method === 'GET' || req.method === 'HEAD');

const HTML = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>MIOSA API</title><style>${STYLE}</style></head>
<body><main><h1>MIOSA API</h1><p>This host serves the API under <code>/api/v1</code>.</p><p><a href="/docs">Read the reference</a></p></main></body>
</html>
`;
const JSON_TEXT = JSON.stringify({ data: { name: 'MIOSA API', base: '/api/v1', docs: '/docs', openapi: '/api/v1/openapi.json' } });

/** `/` of the API host: where to go from here. */
export const answerLanding = (req: IncomingMessage, res: ServerResponse, visit: Visit): void => {
  const asHtml = req.headers.accept?.includes('text/html') === true;
  const body = asHtml ? HTML : JSON_TEXT;
  const type = asHtml ? 'text/html; charset=utf-8' : 'application/json';
  const headers = ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body)), 'Cache-Control', 'no-store', 'Vary', 'Accept'];
  headers.push(
    'X-Content-Type-Options',
    'nosniff',
    'X-Request-ID',
    visit.requestId,
    'Content-Security-Policy',
    `${POLICY}; frame-ancestors 'none'`,
  );
  res.writeHead(200, headers).end(body);
};
