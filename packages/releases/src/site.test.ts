import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest } from './manifest.ts';
import { cacheControlOf, contentTypeOf, isHashedName } from './names.ts';
import { parseHeaders, parseRedirects } from './rules.ts';
import { createSite, type SpaMode } from './site.ts';

const siteOf = (paths: readonly string[], redirects = '', headers = '') => {
  const manifest: Manifest = {
    version: 1,
    files: paths.map((path) => ({ path, sha256: '0'.repeat(64), size: 1 })),
    headers: parseHeaders(headers),
    redirects: parseRedirects(redirects),
    notFound: paths.includes('404.html') ? '404.html' : null,
    singlePage: paths.filter((path) => path.endsWith('.html')).join() === 'index.html',
  };
  const site = createSite(manifest);
  return (target: string, spa: SpaMode = 'auto') => {
    const answer = site.resolve(target, spa);
    if (answer.kind === 'file') return `${answer.status} ${answer.file.path}`;
    return answer.kind === 'redirect' ? `${answer.status} → ${answer.location}` : answer.kind;
  };
};

describe('paths (contract 4.5, static serving)', () => {
  const at = siteOf([
    'index.html',
    'about.html',
    'blog/index.html',
    'blog/first.html',
    'a b/ü.txt',
    '404.html',
    '.well-known/x',
    'both.html',
    'both/index.html',
  ]);
  it.each([
    ['/', '200 index.html'],
    ['/?q=1', '200 index.html'],
    ['/about', '200 about.html'],
    ['/about.html', '200 about.html'],
    ['/about/', '308 → /about'],
    ['/about/?a=b', '308 → /about?a=b'],
    ['/blog', '308 → /blog/'],
    ['/blog?x', '308 → /blog/?x'],
    ['/blog/', '200 blog/index.html'],
    ['/blog/first', '200 blog/first.html'],
    ['/both', '200 both.html'],
    ['/both/', '200 both/index.html'],
    ['/a%20b/%C3%BC.txt', '200 a b/ü.txt'],
    ['/.well-known/x', '200 .well-known/x'],
    ['/.env', '404 404.html'],
    ['/blog/.git/config', '404 404.html'],
    ['/none', '404 404.html'],
    ['//evil.example/', '404 404.html'],
    ['/blog/../about', '404 404.html'],
    ['/%2e%2e/about', '404 404.html'],
    ['/about%00', '404 404.html'],
    ['/%5cevil.example', '404 404.html'],
    ['/%2520', '404 404.html'],
    ['/%', 'bad'],
    ['/%ff', 'bad'],
  ])('%s is %s', (target, answer) => expect(at(target)).toBe(answer));
});

describe('single-page fall-back', () => {
  it('is on by itself when there is one page and no 404.html', () => {
    const at = siteOf(['index.html', 'app.js']);
    expect([at('/deep/link'), at('/deep/link/'), at('/missing.js'), at('/app.js')]).toEqual([
      '200 index.html',
      '200 index.html',
      'missing',
      '200 app.js',
    ]);
    expect(at('/deep/link', 'off')).toBe('missing');
  });
  it('is off by itself with a second page, and on when asked for', () => {
    const at = siteOf(['index.html', 'other.html']);
    expect([at('/deep'), at('/deep', 'on')]).toEqual(['missing', '200 index.html']);
  });
});

describe('redirects', () => {
  const at = siteOf(
    ['index.html', 'new.html', 'app/index.html', 'kept.html', 'lost.html'],
    [
      '/old /new',
      '/old /never 302',
      '/kept /new 302',
      '/forced/* /new 307!',
      '/p/:id/x /q/:id 308',
      '/blog/* https://other.example/b/:splat 302',
      '/app/* /app/index.html 200',
      '/gone/* /lost 404',
      '/up/* /:splat',
      '/q /new?a=1',
    ].join('\n'),
  );
  it.each([
    ['/old', '301 → /new'],
    ['/old/', '301 → /new'],
    ['/old?x=1', '301 → /new?x=1'],
    ['/kept', '200 kept.html'],
    ['/forced/anything', '307 → /new'],
    ['/forced', '307 → /new'],
    ['/p/7%2F8/x', 'missing'],
    ['/p/a%3Fb/x', '308 → /q/a%3Fb'],
    ['/blog/a/b', '302 → https://other.example/b/a/b'],
    ['/app/deep/er', '200 app/index.html'],
    ['/gone/x', '404 lost.html'],
    ['/up/x', '301 → /x'],
    ['/up//evil.example', 'missing'],
    ['/q?b=2', '301 → /new?a=1'],
  ])('%s is %s', (target, answer) => expect(at(target)).toBe(answer));

  it('never lead an own path to another host', () => {
    const site = siteOf(['index.html'], '/a/* /:splat\n/b/:x/* /:x/:splat');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '\\', '%2f', '%5c', '.', 'a', ':', '@', '?', '#', '%09') }), (rest) => {
        const [status, arrow, location] = site(`/a/${rest}`).split(' ');
        if (arrow !== '→') return true;
        return status === '301' && new URL(location ?? '', 'https://own.example').host === 'own.example';
      }),
    );
  });
});

it('whatever is asked, it answers with a file of its own or none', () => {
  const at = siteOf(['index.html', 'a/b.html', '404.html'], '/x/* /a/b 200');
  fc.assert(
    fc.property(fc.webPath(), (path) => /^(?:(?:200|404) (?:index|a\/b|404)\.html|30[0-9] → \/.*|bad|missing)$/.test(at(`/${path}`))),
  );
});

it('rules give headers to the paths they match, the later ones behind', () => {
  const manifest = { version: 1 as const, files: [], redirects: [], notFound: null, singlePage: false };
  const site = createSite({ ...manifest, headers: parseHeaders('/*\n A: 1\n/a/*\n B: 2') });
  expect(site.headersFor('/a/b')).toEqual([
    ['A', '1'],
    ['B', '2'],
  ]);
  expect(site.headersFor('/c')).toEqual([['A', '1']]);
});

it('knows a content hash from a word or a date', () => {
  expect(['app-3f9a1c2b.js', 'a/index-BxY3_k9Q.css', 'main.0f1e2d3c4b5a.chunk.js', 'logo-D1a2B3c4.svg'].filter(isHashedName)).toHaveLength(
    4,
  );
  expect(
    ['user-settings.js', 'photo-20240115.jpg', 'jquery-3.7.1.min.js', 'index.html', 'facade12.js', 'my-Components.js'].filter(isHashedName),
  ).toEqual([]);
  expect(cacheControlOf('page-3f9a1c2b.html')).toBe('public, max-age=0, must-revalidate');
  expect(cacheControlOf('app-3f9a1c2b.js')).toBe('public, max-age=31536000, immutable');
});

it('gives types by extension', () => {
  expect(['a.html', 'a.js', 'a.css', 'a.svg', 'a.wasm', 'a.unknown', 'a'].map(contentTypeOf)).toEqual([
    'text/html; charset=utf-8',
    'text/javascript; charset=utf-8',
    'text/css; charset=utf-8',
    'image/svg+xml; charset=utf-8',
    'application/wasm',
    'application/octet-stream',
    'application/octet-stream',
  ]);
});
