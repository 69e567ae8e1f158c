import { expect, test } from 'vitest';
import { readOptions, SetupError } from './options.ts';

test('without settings the documented defaults hold', () => {
  expect(readOptions({})).toEqual({
    data: '/var/lib/miosa',
    cache: '/var/cache/miosa',
    domain: 'miosa.localhost',
    appsDomain: 'miosa.localhost',
    httpPort: 8080,
    httpsPort: 8443,
    databaseUrl: null,
    redisUrl: null,
    smtpUrl: null,
    logLevel: 'info',
  });
});

test('all mistakes are told in one go, as something a person can act on', () => {
  const wrong = { MIOSA_DOMAIN: 'not a name', MIOSA_HTTP_PORT: '99999', MIOSA_DATA: '/has space', MIOSA_LOG_LEVEL: 'loud' };
  expect(() => readOptions(wrong)).toThrow(SetupError);
  expect(() => readOptions(wrong)).toThrow(/not a name.*|99999.*/);
  for (const word of ['not a name', '99999', '/has space', 'loud']) expect(() => readOptions(wrong)).toThrow(word);
});

test.each(['/', '/a:b', '/a,b', `/${'x'.repeat(80)}`])('the data folder %s is refused', (MIOSA_DATA) => {
  expect(() => readOptions({ MIOSA_DATA })).toThrow(SetupError);
});

test.each(['0', '-1', '80.5', '0x50', '8080 ', 'http'])('%j is no port', (MIOSA_HTTP_PORT) => {
  expect(() => readOptions({ MIOSA_HTTP_PORT })).toThrow('MIOSA_HTTP_PORT');
});
