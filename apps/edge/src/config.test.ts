import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { redact } from './log.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'edge-config-'));
  await mkdir(join(data, 'keys'));
  await writeFile(join(data, 'keys/edge.secret'), `${'ab'.repeat(32)}\n`);
  await writeFile(join(data, 'keys/preview.pub'), 'pem');
});
afterAll(() => rm(data, { recursive: true }));

it('fills in the defaults and freezes', () => {
  const config = readConfig({ MIOSA_DATA: data, DATABASE_URL: 'postgresql://x' });
  expect(config.names).toEqual({ domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 });
  expect(config.rate).toEqual({ perSecond: 100, burst: 200 });
  expect(config.cookieSecret).toHaveLength(32);
  expect(Object.isFrozen(config)).toBe(true);
});

it('reports all mistakes together', () => {
  const env = {
    MIOSA_DATA: '/nowhere',
    MIOSA_DOMAIN: 'a_b',
    MIOSA_APPS_DOMAIN: '-',
    MIOSA_HTTP_PORT: '0',
    MIOSA_EDGE_RATE: '-1',
    MIOSA_EDGE_CACHE_MIB: '0',
    MIOSA_BLOBS: 's3://x',
    MIOSA_LOG_LEVEL: 'loud',
  };
  const message = (() => {
    try {
      return String(readConfig(env));
    } catch (error) {
      return String(error);
    }
  })();
  for (const name of [
    'edge.secret',
    'preview.pub',
    'MIOSA_DOMAIN',
    'MIOSA_APPS_DOMAIN',
    'MIOSA_HTTP_PORT',
    'MIOSA_EDGE_RATE',
    'MIOSA_EDGE_CACHE_MIB',
    'MIOSA_BLOBS ',
    'MIOSA_BLOBS_SECRET_ACCESS_KEY',
    'MIOSA_LOG_LEVEL',
    'DATABASE_URL',
  ]) {
    expect(message).toContain(name);
  }
});

it('redacts credentials in logged text', () => {
  expect(redact('/x/mp_eyJhbGciOi/ms_abcdefgh?k=msk_live_1234567')).toBe('/x/mp_…/ms_…?k=msk_…');
});
