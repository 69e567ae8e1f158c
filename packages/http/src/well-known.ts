import { DOCS_POLICY, documentationPage } from './docs-page.ts';
import type { Metrics } from './metrics.ts';
import { emitOpenApi } from './openapi.ts';
import type { ServerOptions } from './options.ts';
import { defineRoute, type RawResponse, type Route, raw } from './route.ts';

const json = (body: object, status = 200) => raw(JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8' }, status);

const pageAnswer = (html: string, policy: string) =>
  raw(html, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy, 'referrer-policy': 'no-referrer' });

const plain = (id: string, url: string, handler: () => Promise<RawResponse>): { route: Route; url: string } => ({
  url,
  route: defineRoute({ id, method: 'GET', path: url, summary: id, access: 'public', response: 'raw', handler }),
});

/** Asked without a credential: however often, the dependencies are asked once in that time. */
const PROBE_EVERY_MS = 200;

const remembered = <T>(probe: () => Promise<T>): (() => Promise<T>) => {
  let last: { readonly untilMs: number; readonly result: Promise<T> } | undefined;
  return () => {
    if (last === undefined || last.untilMs < performance.now()) last = { untilMs: performance.now() + PROBE_EVERY_MS, result: probe() };
    return last.result;
  };
};

/** Paths outside the route declarations (contract 1.12): health, metrics, status, the OpenAPI document and its page. */
export const wellKnown = (
  surface: 'public' | 'internal',
  options: ServerOptions,
  metrics: Metrics,
  drain: AbortSignal,
): { route: Route; url: string }[] => {
  const { version } = options;
  const readiness = remembered(() => options.readiness());
  const health = [
    plain('healthz', '/healthz', async () => json({ status: 'ok', version })),
    plain('readyz', '/readyz', async () => {
      const checks = await readiness();
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
  const overview = async () => {
    const checks = await readiness();
    const incidents = Object.values(checks).filter((answers) => !answers).length;
    const status = incidents === 0 ? 'operational' : checks.database === false ? 'down' : 'degraded';
    // One machine is one region; an incident is a dependency that does not answer now.
    return json({ data: { status, regions: 1, incidents, version, updated_at: new Date().toISOString() } });
  };
  return [
    ...health,
    plain('overview', '/api/v1/overview', overview),
    plain('openapi', '/api/v1/openapi.json', async () => {
      text ??= JSON.stringify(openApi());
      return raw(text, { 'content-type': 'application/json; charset=utf-8', 'access-control-allow-origin': '*' });
    }),
    plain('docs', '/docs', async () => {
      page ??= documentationPage(openApi());
      return pageAnswer(page, DOCS_POLICY);
    }),
    ...(options.pages ?? []).map(({ id, url, html, policy }) => plain(id, url, async () => pageAnswer(html, policy))),
  ];
};
