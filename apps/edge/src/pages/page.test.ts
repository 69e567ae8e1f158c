import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { REFUSALS } from '../refusal.ts';
import { renderPage } from './page.ts';

const headersOf = (page: ReturnType<typeof renderPage>): Map<string, string> => {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < page.headers.length; i += 2) map.set(page.headers[i]?.toLowerCase() ?? '', page.headers[i + 1] ?? '');
  return map;
};

it.each(Object.entries(REFUSALS))('%s renders for people and for programs, uncached and self-contained', (_name, refusal) => {
  const facts = { requestId: 'req_1', repeatable: true, sandboxId: 'sbx_1' };
  const page = renderPage(refusal, { ...facts, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
  const html = page.body.toString();
  expect(html).toMatch(/<html lang="en"/);
  expect(html).not.toMatch(/(?:src|href)=/);
  const policy = headersOf(page).get('content-security-policy') ?? '';
  for (const tag of ['script', 'style']) {
    const text = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(html)?.[1] ?? '';
    expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  }
  expect(headersOf(page).get('cache-control')).toBe('no-store');
  for (const accept of ['application/json', '*/*', undefined, 'application/json, text/html']) {
    const program = renderPage(refusal, { ...facts, accept });
    expect(JSON.parse(program.body.toString()).error).toMatchObject({ code: refusal.code, request_id: 'req_1' });
  }
});

it('escapes what it shows', () => {
  const page = renderPage(REFUSALS.tokenNeeded, { requestId: '"><script>', repeatable: true, accept: 'text/html', sandboxId: '"><b>' });
  expect(page.body.toString()).not.toMatch(/"><(?:script|b)>[^(\n]/);
});
