import { Fault } from '@miosa/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeaders, parseRedirects } from './rules.ts';

describe('_headers', () => {
  it('a path, then its lines; a field given twice is one list; what is not for a site to set is left out', () => {
    const text = `\uFEFF# all\r\n/*\r\n  X-Frame-Options: DENY\r\n\tset-cookie: a=b\r\n  Content-Length: 9\r\n  Connection: x\r\n\r\n/a/*\n  Link: <x>; rel=preload\n  Link: <y>\n  Empty:\n`;
    expect(parseHeaders(text)).toEqual([
      { pattern: '/*', set: [['X-Frame-Options', 'DENY']] },
      {
        pattern: '/a/*',
        set: [
          ['Link', '<x>; rel=preload, <y>'],
          ['Empty', ''],
        ],
      },
    ]);
  });

  it.each([
    ['  X: y\n', 1, 'below a path'],
    ['/a\n  no colon here\n', 2, 'Name: value'],
    ['/a\n  : value\n', 2, 'Name: value'],
    ['/a\n  bad name: value\n', 2, 'is not a header name'],
    ['\n\nb\n', 3, 'begins with a path'],
    ['https://example.com/*\n', 1, 'begins with a path'],
    ['/a b\n', 1, 'no spaces'],
    ['/a\n  X: \u0001\n', 2, 'cannot carry'],
    ['/a\n  X: ü\n', 2, 'cannot carry'],
    ['/*/a/*\n', 1, 'one "*"'],
    ['/:a/:a\n', 1, 'twice'],
    [Array.from({ length: 201 }, (_, n) => `/p${n}\n  A: b`).join('\n'), 401, 'more than 200'],
  ])('%j is refused with file and line', (text, line, message) => {
    expect(() => parseHeaders(text)).toThrow(`_headers line ${line}: `);
    expect(() => parseHeaders(text)).toThrow(message);
  });
});

describe('_redirects', () => {
  it('from, to, status and force', () => {
    const text = '# moved\n/old /new\n/b/* https://example.com/:splat 302!\n\n/:x /y/:x 200 # why\n/e /#part 307\n';
    expect(parseRedirects(text)).toEqual([
      { from: '/old', to: '/new', status: 301, force: false },
      { from: '/b/*', to: 'https://example.com/:splat', status: 302, force: true },
      { from: '/:x', to: '/y/:x', status: 200, force: false },
      { from: '/e', to: '/#part', status: 307, force: false },
    ]);
  });

  it.each([
    ['/a', 'from to'],
    ['a /b', 'must begin with'],
    ['https://a.example/x /b', 'must begin with'],
    ['/a /b 303', 'one of 301'],
    ['/a /b 999', 'one of 301'],
    ['/a /b !', 'one of 301'],
    ['/a x=:y /b 301', 'nothing may follow'],
    ['/a /b 302 Country=de', 'nothing may follow'],
    ['/a?x /b', 'no "?"'],
    ['/%zz /b', 'broken percent'],
    ['/a //evil.example', 'another host'],
    ['/a /\\evil.example', 'no address has'],
    ['/a http://example.com', 'https'],
    ['/a javascript:alert(1)', 'https'],
    ['/a b', 'own path'],
    ['/:x https://:x.example.com/', 'in the host'],
    ['/* https://example.com:splat', 'in the host'],
    ['/a https://user@example.com/', 'user name'],
    ['/a https://', 'not a host'],
    ['/:x /b?c=:x', 'path of a target only'],
    ['/a https://example.com/ 200', 'own path'],
    ['/a /%zz 200', 'broken percent'],
    ['/a /:b', 'does not stand'],
    ['/a /:splat', 'does not stand'],
    ['/*/a /b', 'only as its last part'],
    ['/a* /b', 'only as its last part'],
    ['/:a/:a /b', 'twice'],
  ])('%j is refused', (text, message) => {
    expect(() => parseRedirects(`\n${text}`)).toThrow('_redirects line 2: ');
    expect(() => parseRedirects(`\n${text}`)).toThrow(message);
  });

  it('refuses paths that are longer than any address', () => {
    expect(() => parseRedirects(`/${'x'.repeat(3000)} /b`)).toThrow('_redirects line 1: a path is longer');
  });

  it('takes 2000 rules and not one more', () => {
    const rules = (count: number): string => Array.from({ length: count }, (_, n) => `/${n} /x`).join('\n');
    expect(parseRedirects(rules(2000))).toHaveLength(2000);
    expect(() => parseRedirects(rules(2001))).toThrow('_redirects line 2001: ');
  });
});

it('any text is read, or refused with a fault that names file and line', () => {
  const line = fc.string({ unit: fc.constantFrom('/', ':', '*', 'a', ' ', '\n', '!', '200', '%', '\\', 'https://', '#', '?', '\u00e9') });
  fc.assert(
    fc.property(line, fc.constantFrom(parseHeaders, parseRedirects), (text, parse) => {
      try {
        return Array.isArray(parse(text));
      } catch (error) {
        return error instanceof Fault && error.code === 'VALIDATION_ERROR' && /^_(?:headers|redirects) line [0-9]+: /.test(error.message);
      }
    }),
    { numRuns: 2000 },
  );
});
