import { createHash } from 'node:crypto';
import type { Refusal } from '../refusal.ts';
import { SCRIPT, STYLE } from './assets.ts';

export interface PageFacts {
  readonly requestId: string;
  readonly accept: string | undefined;
  /** Told to the embedding page when the token or the sandbox has ended. Not a secret. */
  readonly sandboxId?: string | undefined;
  /** Only then does the page reload itself: repeating a POST is not ours to decide. */
  readonly repeatable: boolean;
}

export interface Page {
  readonly status: number;
  /** Name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but our own style and script; no frame-ancestors, since the page is meant for iframes. */
export const POLICY = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const attributes = (values: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` data-${name}="${escaped(String(value))}"`)
    .join('');

const html = (refusal: Refusal, facts: PageFacts): string => {
  const reload = facts.repeatable ? refusal.reloadSeconds : undefined;
  const expired = refusal.expired ? (facts.sandboxId ?? '') : undefined;
  const gone = refusal.gone ? (facts.sandboxId ?? '') : undefined;
  return `<!doctype html>
<html lang="en"${attributes({ reload, expired, gone })}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(refusal.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(refusal.title)}</h1>
<p>${escaped(refusal.message)}</p>
${reload === undefined ? '' : `<p role="status" class="wait"><span aria-hidden="true"></span>Trying again by itself.</p>`}
<footer>${refusal.status} · ${escaped(facts.requestId)}</footer>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
};

const json = (refusal: Refusal, facts: PageFacts): string =>
  JSON.stringify({ error: { code: refusal.code, message: `${refusal.title}. ${refusal.message}`, request_id: facts.requestId } });

/** Browsers navigating say `text/html`; everything else is a program (contract 4.4: JSON with our codes). */
const wantsHtml = (accept: string | undefined): boolean => {
  const html = accept?.indexOf('text/html') ?? -1;
  const json = accept?.indexOf('application/json') ?? -1;
  return html >= 0 && (json < 0 || html < json);
};

/** An error answer of the edge's own: a page for people, JSON for programs, never cached. */
export const renderPage = (refusal: Refusal, facts: PageFacts): Page => {
  const asHtml = wantsHtml(facts.accept);
  const body = Buffer.from(asHtml ? html(refusal, facts) : json(refusal, facts));
  const headers = [
    ...['Content-Type', asHtml ? 'text/html; charset=utf-8' : 'application/json'],
    ...['Content-Length', String(body.length)],
    ...['Cache-Control', 'no-store'],
    ...['Referrer-Policy', 'no-referrer'],
    ...['X-Content-Type-Options', 'nosniff'],
    ...['X-Robots-Tag', 'noindex'],
    ...['X-Request-ID', facts.requestId],
    ...['Vary', 'Accept'],
  ];
  if (asHtml) headers.push('Content-Security-Policy', POLICY);
  if (refusal.retryAfterSeconds !== undefined) headers.push('Retry-After', String(refusal.retryAfterSeconds));
  return { status: refusal.status, headers, body };
};
