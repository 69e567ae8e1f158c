import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from './testing/certificate.ts';
import { call } from './testing/client.ts';
import { API_HOST, type Platform, startPlatform } from './testing/platform.ts';
import { type Certificate, readCertificate, watchCertificate } from './tls.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.close());

describe('TLS name and Host', () => {
  it('that differ are 421', async () => {
    const { host } = await platform.sandbox();
    for (const [name, asked] of [
      [API_HOST, host()],
      [host(), API_HOST],
      [host(3000), host()],
    ] as const) {
      expect((await call({ port: platform.httpsPort, host: asked, tls: name })).status).toBe(421);
    }
  });

  it('that agree are served, with or without port, in any case', async () => {
    for (const host of [API_HOST, `${API_HOST}:8443`, API_HOST.toUpperCase()]) {
      expect((await call({ port: platform.httpsPort, host, tls: API_HOST })).status).toBe(200);
    }
  });
});

describe('plain HTTP', () => {
  it('is redirected to TLS under a domain that is not localhost', async () => {
    const names = { domain: 'miosa.example', appsDomain: 'miosa.example', httpPort: 80, httpsPort: 443 };
    const other = await startPlatform({ names });
    try {
      const answer = await call({ port: other.httpPort, host: 'api.miosa.example', path: '//evil.example/?a=1', method: 'POST' });
      expect([answer.status, answer.headers.location]).toEqual([308, 'https://api.miosa.example//evil.example/?a=1']);
      const preview = await call({ port: other.httpPort, host: '5173-SBX0123456789.sandbox.miosa.example:80', path: '/x' });
      expect(preview.headers.location).toBe('https://5173-sbx0123456789.sandbox.miosa.example/x');
      expect((await call({ port: other.httpPort, host: 'evil.example' })).status).toBe(404);
    } finally {
      await other.close();
    }
  });
});

describe('the certificate', () => {
  it('is reloaded when it is replaced; one that cannot be used changes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edge-tls-'));
    const write = async (pair: Certificate): Promise<void> => {
      for (const [name, bytes] of [
        ['server.pem', pair.cert],
        ['server.key', pair.key],
      ] as const) {
        await writeFile(join(folder, `${name}.new`), bytes);
        await rename(join(folder, `${name}.new`), join(folder, name));
      }
    };
    const [first, second] = [await selfSigned('a.example'), await selfSigned('b.example')];
    await write(first);
    expect((await readCertificate(folder)).cert).toEqual(first.cert);
    const used: Certificate[] = [];
    const errors: unknown[] = [];
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: object) => void errors.push(fields) };
    const watch = watchCertificate(folder, (pair) => used.push(pair), log);
    try {
      await write(second);
      for (let i = 0; i < 50 && used.length === 0; i++) await sleep(50);
      expect(used.at(-1)?.cert).toEqual(second.cert);
      await write({ cert: first.cert, key: second.key });
      for (let i = 0; i < 50 && errors.length === 0; i++) await sleep(50);
      expect(errors).toHaveLength(1);
      expect(used.at(-1)?.cert).toEqual(second.cert);
    } finally {
      watch.close();
      await rm(folder, { recursive: true });
    }
  });
});
