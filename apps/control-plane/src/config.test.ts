import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

const FILES: Record<string, string> = {
  '/data/keys/preview.key': 'PEM\n',
  '/data/keys/preview.pub': 'PUB\n',
  '/data/keys/jwt.secret': `${'ab'.repeat(64)}\n`,
  '/data/keys/seal.key': 'cd'.repeat(32),
};
const readFile = (path: string): string => {
  const text = FILES[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
};

it('has a default for everything but the keys', () => {
  const config = readConfig({ MIOSA_DATA: '/data' }, readFile);
  expect(config.databaseUrl).toBe('postgresql://miosa@localhost/miosa?host=%2Fdata%2Frun%2Fpg');
  expect(config.names).toEqual({ domain: 'miosa.localhost', appsDomain: 'miosa.localhost', httpPort: 8080, httpsPort: 8443 });
  expect(config.keys.jwtSecret).toHaveLength(64);
  expect(Object.isFrozen(config)).toBe(true);
});

it('accepts earlier keys that lie beside the present ones', () => {
  const files: Record<string, string> = {
    ...FILES,
    '/data/keys/preview-2026.pub': 'OLD\n',
    '/data/keys/jwt-2026.secret': 'ef'.repeat(64),
  };
  const names = ['preview.key', 'preview.pub', 'preview-2026.pub', 'preview-x.pub.part', 'jwt.secret', 'jwt-2026.secret'];
  const { keys } = readConfig(
    { MIOSA_DATA: '/data' },
    (path) => files[path] ?? '',
    () => names,
  );
  expect(keys.previewPublicKeys).toEqual(['PUB', 'OLD']);
  expect(keys.earlierJwtSecrets).toEqual([Buffer.alloc(64, 0xef)]);
});

it('reports all mistakes together', () => {
  const wrong = {
    MIOSA_DATA: '/none',
    MIOSA_HTTP_PORT: '0',
    MIOSA_HTTPS_PORT: 'x',
    MIOSA_DOMAIN: 'bad domain',
    MIOSA_LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://x',
    REDIS_URL: 'http://x',
    MIOSA_CONTROL_PLANE_RATE_LIMITS: 'maybe',
    MIOSA_BLOBS: 's3://x?endpoint=nowhere',
  };
  const message = (() => {
    try {
      readConfig(wrong, readFile);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  })();
  for (const name of [
    'MIOSA_HTTP_PORT',
    'MIOSA_BLOBS ',
    'MIOSA_BLOBS_ACCESS_KEY_ID',
    'MIOSA_HTTPS_PORT',
    'MIOSA_DOMAIN',
    'MIOSA_LOG_LEVEL',
    'DATABASE_URL',
    'REDIS_URL',
    'MIOSA_CONTROL_PLANE_RATE_LIMITS',
    'preview.key',
    'jwt.secret',
    'seal.key',
  ]) {
    expect(message).toContain(name);
  }
});
