import { documentationPage } from './docs-page.ts';
import type { Metrics } from './metrics.ts';
import { emitOpenApi } from './openapi.ts';
import { defineRoute, type RawResponse, type Route, raw } from './route.ts';
import type { ServerOptions } from './server.ts';

const json = (body: object, status = 200) => raw(JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8' }, status);

const plain = (id: string, url: string, handler: () => Promise<RawResponse>): { route: Route; url: string } => ({
  url,
  route: defineRoute({ id, method: 'GET', path: url, summary: id, access: 'public', response: 'raw', handler }),
});

/** Paths outside the route declarations (contract 1.12): health, metrics, the OpenAPI document and its page. */
export const wellKnown = (
  surface: 'public' | 'internal',
  options: ServerOptions,
  metrics: Metrics,
  drain: AbortSignal,
): { route: Route; url: string }[] => {
  const { version } = options;
  const health = [
    plain('healthz', '/healthz', async () => json({ status: 'ok', version })),
    plain('readyz', '/readyz', async () => {
      const checks = await options.readiness();
      const ready = !drain.aborted && Object.values(checks).every(Boolean);
      return json({ status: ready ? 'ok' : 'unavailable', version, checks }, ready ? 200 : 503);
    }),
  ];
  if (surface === 'internal') {
    const page = async () => {
      const { contentType, text } = await metrics.render();
      return raw(text, { 'content-type': contentType });
    };
    return [...health, plain('metrics', '/metrics', page)];
  }
  let document: object | undefined;
  const openApi = (): object => {
    document ??= emitOpenApi(options.routes, { version, apiUrl: options.apiUrl });
    return document;
  };
  let text: string | undefined;
  let page: string | undefined;
  return [
    ...health,
    plain('openapi', '/api/v1/openapi.json', async () => {
      text ??= JSON.stringify(openApi());
      return raw(text, { 'content-type': 'application/json; charset=utf-8', 'access-control-allow-origin': '*' });
    }),
    plain('docs', '/docs', async () => {
      page ??= documentationPage(openApi());
      return raw(page, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
    }),
  ];
};
