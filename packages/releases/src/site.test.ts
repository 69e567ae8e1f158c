import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest } from './manifest.ts';
import { parseHeaders, parseRedirects } from './rules.ts';
import { createSite, type SiteOptions } from './site.ts';
import { isSitePath } from './site-path.ts';

const manifestOf = (paths: readonly string[], redirects = '', headers = ''): Manifest => ({
  version: 1,
  files: paths.toSorted().map((path) => ({ path, sha256: '0'.repeat(64), size: 1 })),
  headers: parseHeaders(headers),
  redirects: parseRedirects(redirects),
  notFound: paths.includes('404.html') ? '404.html' : null,
  singlePage: paths.filter((path) => path.endsWith('.html')).join() === 'index.html',
});

const siteOf = (paths: readonly string[], redirects = '', spa: SiteOptions['spa'] = 'auto') => {
  const site = createSite(manifestOf(paths, redirects), { spa });
  return (target: string): string => {
    const [path = '', ...query] = target.split('?');
    const answer = site.resolve(path, query.join('?'));
    if (answer.kind === 'file') return `${answer.status} ${answer.path}`;
    return answer.kind === 'redirect' ? `${answer.status} → ${answer.location}` : answer.kind;
  };
};

describe('paths (contract 4.5, static serving)', () => {
  const at = siteOf([
    ...['index.html', 'about.html', 'blog/index.html', 'blog/first.html', 'a b/ü.txt', '404.html', 'both.html', 'both/index.html'],
    ...['.well-known/x', '.well-known/.y', '.env', 'blog/.git/config', '_headers', '_redirects', 'sub/_headers', 'style.css', '100%.txt'],
    ...['q?.txt', 'h#.txt', '%2e.txt'],
  ]);
  it.each([
    ['/', '200 index.html'],
    ['/?q=1', '200 index.html'],
    ['/index.html', '200 index.html'],
    ['/about', '200 about.html'],
    ['/about.html', '200 about.html'],
    ['/about/', '308 → /about'],
    ['/about/?a=b&c=%2F', '308 → /about?a=b&c=%2F'],
    ['/about.html/', '308 → /about.html'],
    ['/style.css/', '308 → /style.css'],
    ['/blog', '308 → /blog/'],
    ['/blog?x', '308 → /blog/?x'],
    ['/blog/', '200 blog/index.html'],
    ['/blog/first', '200 blog/first.html'],
    ['/both', '200 both.html'],
    ['/both/', '200 both/index.html'],
    ['/a%20b/%C3%BC.txt', '200 a b/ü.txt'],
    ['/a%20b/%C3%BC.txt/', '308 → /a%20b/%C3%BC.txt'],
    ['/100%25.txt', '200 100%.txt'],
    ['/q%3F.txt', '200 q?.txt'],
    ['/h%23.txt', '200 h#.txt'],
    ['/%252e.txt', '200 %2e.txt'],
    ['/.well-known/x', '200 .well-known/x'],
    ['/sub/_headers', '200 sub/_headers'],
  ])('%s is %s', (target, answer) => expect(at(target)).toBe(answer));

  it.each([
    ...['/.env', '/blog/.git/config', '/.well-known/.y', '/_headers', '/_redirects', '/%5fheaders', '/none', '/none/', '/ABOUT'],
    ...['//', '//evil.example/', '//about', '/blog//first', '/blog/../about', '/%2e%2e/about', '/./about', '/blog/%2e/first', '/..', '/.'],
    ...[
      '/blog%2ffirst',
      '/blog%2Ffirst',
      '/blog%5cfirst',
      '/blog\\first',
      '/%5cevil.example',
      '/%2f%2fevil.example/',
      '/%252520',
      '/about%0a',
    ],
  ])('%s is the 404 page', (target) => expect(at(target)).toBe('404 404.html'));

  it.each(['/%', '/%f', '/%zz', '/%ff', '/%c3%28', '/%ed%a0%80', '/about%00', '/a\0b'])('%s is malformed', (target) =>
    expect(at(target)).toBe('malformed'),
  );

  it('without a 404 page of its own the site is silent', () => expect(siteOf(['a.txt'])('/b')).toBe('absent'));
});

describe('single-page fallback', () => {
  it('is on by itself when there is one page and no 404.html', () => {
    const at = siteOf(['index.html', 'app.js']);
    const asked = ['/deep/link', '/deep/link/', '/v1.2/deep', '/missing.js', '/app.js', '/.env', '/%'].map(at);
    expect(asked).toEqual([...Array(3).fill('200 index.html'), 'absent', '200 app.js', 'absent', 'malformed']);
  });

  it('is off by itself with a second page, with a 404 page, and when turned off', () => {
    expect(siteOf(['index.html', 'other.html'])('/deep')).toBe('absent');
    expect(siteOf(['index.html', '404.html'])('/deep')).toBe('404 404.html');
    expect(siteOf(['index.html'], '', 'off')('/deep')).toBe('absent');
  });

  it('turned on it wins over the 404 page, which still answers paths with an extension', () => {
    const at = siteOf(['index.html', '404.html', 'other.html'], '', 'on');
    expect(['/deep', '/other', '/x.png'].map(at)).toEqual(['200 index.html', '200 other.html', '404 404.html']);
  });

  it('needs an index.html', () => expect(siteOf(['other.html'], '', 'on')('/deep')).toBe('absent'));
});

describe('redirects', () => {
  const at = siteOf(
    ['index.html', 'new.html', 'app/index.html', 'kept.html', 'lost.html', 'folder/index.html', 'hidden.txt', '.env'],
    `
      /old /new                                # comment
      /old /never 302
      /kept /new 302
      /folder /new 302
      /forced/* /new 307!
      /hidden.txt /lost 404!
      /p/:id/x /q/:id 308
      /p/one/x /never
      /blog/* https://other.example:8443/b/:splat?from=us#top 302
      /app/* /app 200
      /gone/* /lost 404
      /void/* /nothing 200
      /up/* /:splat
      /out/* https://other.example/:splat
      /q /new?a=1
      /f /new#part
      /loop /loop/
      /%C3%BC /neu-ü
      /secret/* /:splat 200
      /who/:name/* /u/:name/:splat 302
    `,
  );
  it.each([
    ['/old', '301 → /new'],
    ['/old/', '301 → /new'],
    ['/old?x=1&y', '301 → /new?x=1&y'],
    ['/kept', '200 kept.html'],
    ['/folder', '308 → /folder/'],
    ['/forced/anything', '307 → /new'],
    ['/forced', '307 → /new'],
    ['/hidden.txt', '404 lost.html'],
    ['/p/7/x', '308 → /q/7'],
    ['/p/one/x', '308 → /q/one'],
    ['/p//x', 'absent'],
    ['/p/7%2F8/x', 'absent'],
    ['/p/a%3Fb%23%20c%22/x', '308 → /q/a%3Fb%23%20c%22'],
    ['/blog/a/b', '302 → https://other.example:8443/b/a/b?from=us#top'],
    ['/blog/a/?x=1', '302 → https://other.example:8443/b/a/?from=us#top'],
    ['/app/deep/er', '200 app/index.html'],
    ['/gone/x', '404 lost.html'],
    ['/void/x', 'absent'],
    ['/up/x', '301 → /x'],
    ['/up', '301 → /'],
    ['/up//evil.example', '301 → /evil.example'],
    ['/up/%5cevil.example', 'absent'],
    ['/out/x/y?z', '301 → https://other.example/x/y?z'],
    ['/out', '301 → https://other.example/'],
    ['/q?b=2', '301 → /new?a=1'],
    ['/f?b=2', '301 → /new?b=2#part'],
    ['/loop', '301 → /loop/'],
    ['/loop/', 'absent'],
    ['/%C3%BC', '301 → /neu-%C3%BC'],
    ['/secret/hidden.txt', '200 hidden.txt'],
    ['/secret/.env', 'absent'],
    ['/who/me/a/b', '302 → /u/me/a/b'],
    ['/who/me', '302 → /u/me/'],
    ['/old?a\r\nSet-Cookie: x', '301 → /new?a%0D%0ASet-Cookie:%20x'],
  ])('%s is %s', (target, answer) => expect(at(target)).toBe(answer));

  it('never lead an own path to another host, and never hold a line end', () => {
    const site = siteOf(['index.html', 'a.html', 'd/index.html'], '/a/* /:splat\n/b/:x/* /:x/:splat\n/c/:x /:x');
    const piece = fc.constantFrom(
      '/',
      '\\',
      '%2f',
      '%5c',
      '.',
      'a',
      'd',
      ':',
      '@',
      '?',
      '#',
      '%09',
      '%0d%0a',
      '%20',
      '%25',
      'é',
      '\r\n',
      'https:',
    );
    fc.assert(
      fc.property(fc.constantFrom('/', '/a/', '/b/', '/c/'), fc.array(piece, { maxLength: 8 }), (start, rest) => {
        const answer = site(start + rest.join(''));
        if (!answer.includes(' → ')) return true;
        const location = answer.slice(answer.indexOf('→') + 2);
        return /^[\x21-\x7e]+$/.test(location) && new URL(location, 'https://own.example').host === 'own.example';
      }),
      { numRuns: 2000 },
    );
  });
});

describe('whatever is asked', () => {
  const paths = ['index.html', 'a/b.html', 'a/index.html', '404.html', '.env', '_headers', 'c d.txt'];
  const served = new Set(['index.html', 'a/b.html', 'a/index.html', '404.html', 'c d.txt']);
  const piece = fc.constantFrom('/', '..', '.', '%2e', '%2f', 'a', 'b', '.html', 'index', '.env', '_headers', '%', '%00', 'c%20d.txt', 'x');
  const site = createSite(manifestOf(paths, '/x/* /:splat 200\n/r/:y /a/:y'), { spa: 'auto' });

  it('the answer is a file that may be served, an own redirect, or none', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (parts) => {
        const answer = site.resolve(`/${parts.join('')}`, '');
        if (answer.kind === 'file') return served.has(answer.path);
        return answer.kind !== 'redirect' || answer.location.startsWith('/');
      }),
      { numRuns: 3000 },
    );
  });

  it('a slash that was added or taken away leads to a page, not to another redirect', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('/', 'a', 'b', '.html', 'index', 'c%20d.txt'), { maxLength: 6 }), (parts) => {
        const answer = site.resolve(`/${parts.join('')}`, '');
        return answer.kind !== 'redirect' || answer.status !== 308 || site.resolve(answer.location, '').kind === 'file';
      }),
    );
  });

  it('every file is found under its own encoded path, whatever its name', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => isSitePath(text) && !/[/]|^[._]/.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        const own = createSite(manifestOf(names), { spa: 'off' });
        return names.every((path) => {
          const answer = own.resolve(`/${encodeURIComponent(path)}`, '');
          return answer.kind === 'file' && answer.path === path;
        });
      }),
    );
  });
});

describe('_headers', () => {
  const text =
    '/*\n  A: all\n  Cache-Control: no-cache\n/a/*\n  A: below\n/*.js\n  B: script\n/u/:id/x\n  C: one\n/exact\n  D: d\n/%C3%BC\n  E: e';
  const site = createSite(manifestOf(['index.html'], '', text), { spa: 'on' });
  const fieldsAt = (path: string): Record<string, string> => {
    const answer = site.resolve(path, '');
    return answer.kind === 'file' ? Object.fromEntries(site.fields(answer.rules)) : {};
  };
  it.each([
    ['/', { A: 'all', 'Cache-Control': 'no-cache' }],
    ['/a/x', { A: 'below', 'Cache-Control': 'no-cache' }],
    ['/u/7/x', { A: 'all', 'Cache-Control': 'no-cache', C: 'one' }],
    ['/u/7/y', { A: 'all', 'Cache-Control': 'no-cache' }],
    ['/exact', { A: 'all', 'Cache-Control': 'no-cache', D: 'd' }],
    ['/exact/more', { A: 'all', 'Cache-Control': 'no-cache' }],
    ['/%c3%bc', { A: 'all', 'Cache-Control': 'no-cache', E: 'e' }],
  ])('of %s: of two that set the same, the later counts', (path, fields) => expect(fieldsAt(path)).toEqual(fields));

  it('match paths by their ends', () => expect(site.rulesFor('/a/app.js')).toEqual([0, 1, 2]));
});
