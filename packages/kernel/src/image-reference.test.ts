import { expect, it } from 'vitest';
import { imageReference } from './image-reference.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;

it.each([
  ['alpine', 'docker.io/library/alpine:latest'],
  ['docker://alpine:3.20', 'docker.io/library/alpine:3.20'],
  ['acme/tools', 'docker.io/acme/tools:latest'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest'],
  ['GHCR.io/acme/tools:v1', 'ghcr.io/acme/tools:v1'],
  ['localhost/tools', 'localhost/tools:latest'],
  ['registry.example.com:5000/a/b_c/d--e:1.0', 'registry.example.com:5000/a/b_c/d--e:1.0'],
  [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`],
  [`alpine:3@${DIGEST}`, `docker.io/library/alpine:3@${DIGEST}`],
])('%s is %s in full', (text, full) => {
  expect(imageReference(text)).toBe(full);
  expect(imageReference(full)).toBe(full);
});

it.each([
  '',
  '-x',
  '--help',
  'Upper/Case',
  'a b',
  'a/../b',
  '/etc/passwd',
  'oci:/srv/image',
  'http://host/image',
  'user:secret@host/image',
  'a//b',
  'a:',
  'a@sha256:12',
  'a\nb',
  'a;id',
  `${'a'.repeat(600)}`,
])('%j is no name of an image', (text) => {
  expect(imageReference(text)).toBeNull();
});
