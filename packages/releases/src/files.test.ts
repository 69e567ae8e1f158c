import { expect, it } from 'vitest';
import { isHashedName } from './hashed-name.ts';
import { contentTypeOf } from './mime.ts';
import { isSitePath } from './site-path.ts';

it.each([
  ...['app-3f9a1c2b.js', 'main.0f1e2d3c4b5a.chunk.js', 'static/js/2.8f1d3c4a.chunk.js.map', 'style_9b2d7a31.css', '3f9a1c2b.png'],
  ...[
    'assets/index-BxY3_k9Q.css',
    'assets/index-DiwrgTda.js',
    'docs/assets/x-D1a2B3c4.svg',
    '_astro/hoisted.Cx9-aB1_.js',
    'chunk-5KJ2XZQA.js',
  ],
  ...['_next/static/chunks/main.js', '_app/immutable/entry/start.js', 'main-ABCDEF23.js'],
])('%s carries a content hash', (path) => expect(isHashedName(path)).toBe(true));

it.each([
  ...[
    'user-settings.js',
    'photo-20240115.jpg',
    'jquery-3.7.1.min.js',
    'index.html',
    'page-3f9a1c2b.html',
    'my-Components.js',
    'deadbeef.js',
  ],
  ...['facade-effaced.css', 'assets/my-component-v2.js', 'Screenshot2024.png', 'logo-TypeScript.svg', 'assets/defaults-settings.css'],
  ...[
    'x-BxY3_k9Q.css',
    'a1b2c3.js',
    'v1.2.3/lib.js',
    'report-20240101120000.pdf',
    'UPPERCASE.js',
    'app-3F9A1C2B.js',
    'image-MYPICTURE.png',
  ],
])('%s does not', (path) => expect(isHashedName(path)).toBe(false));

it('types go by extension; text is UTF-8', () => {
  const types = [
    'a.html',
    'a.JS',
    'a.mjs',
    'a.css',
    'a.svg',
    'a.json',
    'a.webmanifest',
    'a.wasm',
    'a.woff2',
    'a.avif',
    'a.zzz',
    'js',
    'a/html',
  ];
  expect(types.map(contentTypeOf)).toEqual([
    ...[
      'text/html',
      'text/javascript',
      'text/javascript',
      'text/css',
      'image/svg+xml',
      'application/json',
      'application/manifest+json',
    ].map((type) => `${type}; charset=utf-8`),
    ...['application/wasm', 'font/woff2', 'image/avif', 'application/octet-stream', 'application/octet-stream', 'application/octet-stream'],
  ]);
});

it('takes no names that an address cannot have', () => {
  const good = ['a', 'a/b.txt', '.well-known/x', 'ü ß', '...', 'a/..b', '100%', 'x'.repeat(255)];
  expect(good.filter((path) => !isSitePath(path))).toEqual([]);
  const long = ['x'.repeat(256), 'ü'.repeat(128), `${'x/'.repeat(600)}x`];
  const bad = ['', '/', '/a', 'a//b', 'a/', '..', '../a', 'a/..', 'a/./b', 'a\\b', 'a\0', 'a\n', 'a\x7f', '\ud800', ...long];
  expect(bad.filter(isSitePath)).toEqual([]);
});
