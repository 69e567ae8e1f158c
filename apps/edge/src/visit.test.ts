import type { IncomingMessage } from 'node:http';
import { parseHost } from '@miosa/hostnames';
import { expect, it } from 'vitest';
import { NAMES } from './testing/platform.ts';
import { createVisits } from './visit.ts';

const asking = (host: string | undefined): IncomingMessage =>
  ({ headers: host === undefined ? {} : { host }, socket: { remoteAddress: '::ffff:127.0.0.1' } }) as unknown as IncomingMessage;

const HOSTS = [
  'site.org.miosa.localhost',
  'Site.Org.miosa.localhost.:8080',
  'site.org.miosa.localhost:8443',
  'other.org.miosa.localhost',
  '5173-sbx0123456789.sandbox.miosa.localhost',
  'api.miosa.localhost',
  'shop.example.com',
  'shop.example.com:9',
  '-.miosa.localhost',
  '',
];

it('a host that was read before is read as it was the first time, beside whatever others', () => {
  const read = createVisits(NAMES);
  for (const round of [1, 2, 3]) {
    for (const host of HOSTS) {
      const visit = read(asking(host), 'http');
      expect({ round, host: visit.host, authority: visit.authority }).toEqual({
        round,
        host: parseHost(host, NAMES),
        authority: host.toLowerCase(),
      });
    }
    // More names than are remembered.
    for (let i = 0; i < 11_000; i++) read(asking(`site-${i}.org.miosa.localhost`), 'http');
  }
  expect(read(asking(undefined), 'http').host.kind).toBe('unknown');
});

it('every request has an id of its own, and the address of its own visitor', () => {
  const read = createVisits(NAMES);
  const visits = Array.from({ length: 100 }, () => read(asking(HOSTS[0]), 'http'));
  expect(new Set(visits.map(({ requestId }) => requestId)).size).toBe(100);
  expect(visits[0]?.ip).toBe('127.0.0.1');
});
