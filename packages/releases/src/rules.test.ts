import { expect, it } from 'vitest';
import { isSitePath, parseHeaders, parseRedirects } from './rules.ts';

it('reads _headers: a path, then its lines; what is not theirs to set is left out', () => {
  const text = '# all\n/*\n  X-Frame-Options: DENY\n\tSet-Cookie: a=b\n  Content-Length: 9\n/a/:b\n  Link: <x>; rel=preload\n  Link: <y>\n';
  expect(parseHeaders(text)).toEqual([
    { pattern: '/*', set: [['X-Frame-Options', 'DENY']] },
    {
      pattern: '/a/:b',
      set: [
        ['Link', '<x>; rel=preload'],
        ['Link', '<y>'],
      ],
    },
  ]);
});

it.each([
  ['  X: y\n', 1, 'a header needs a path above it'],
  ['/a\n  no colon here\n', 2, 'Name: value'],
  ['\n\nb\n', 3, 'must be a path'],
  ['/a\n  X: \u0001\n', 2, 'no header can hold'],
  ['/a*b\n', 1, '* stands alone'],
  [Array.from({ length: 201 }, (_, n) => `/p${n}\n  A: b`).join('\n'), 401, 'more than 200'],
])('names the line of a broken _headers: %j', (text, line, message) => {
  expect(() => parseHeaders(text)).toThrow(`_headers, line ${line}:`);
  expect(() => parseHeaders(text)).toThrow(message);
});

it('reads _redirects with their statuses', () => {
  expect(parseRedirects('/old /new\n/b/* https://example.com/:splat 302!\n/:x /y/:x 200 \n')).toEqual([
    { from: '/old', to: '/new', status: 301, force: false },
    { from: '/b/*', to: 'https://example.com/:splat', status: 302, force: true },
    { from: '/:x', to: '/y/:x', status: 200, force: false },
  ]);
});

it.each([
  ['/a', 'from to'],
  ['/a /b 303', 'must be 200'],
  ['/a //evil.example', 'own path or an https'],
  ['/a http://example.com', 'own path or an https'],
  ['/a javascript:alert(1)', 'own path or an https'],
  ['/a https://:x.example.com/', 'own path or an https'],
  ['/a https://example.com/ 200', 'own path only'],
  ['/a /:b', 'does not have'],
  ['/a/* /b/:splatter', 'does not have'],
  ['/*/a /b', '* stands alone'],
  ['/a b c d', 'from to'],
  ['/:a/:a /b', 'twice'],
  [Array.from({ length: 2001 }, (_, n) => `/${n} /x`).join('\n'), 'line 2001'],
])('refuses the redirect %j', (text, message) => {
  expect(() => parseRedirects(text)).toThrow(message);
});

it('takes no names that an address cannot have', () => {
  expect(['a', 'a/b.txt', '.well-known/x', 'ü ß'].filter(isSitePath)).toHaveLength(4);
  expect(['', '/a', 'a//b', 'a/', '../a', 'a/./b', 'a\\b', 'a\0', 'a\n'].filter(isSitePath)).toEqual([]);
});
