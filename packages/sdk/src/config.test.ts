import './testClean.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { resolveConfig } from './config.ts';
import { ConfigurationError, Miosa } from './index.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe('base URL', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/api/v1'],
    ['https://api.example.com/', 'https://api.example.com/api/v1'],
    ['https://api.example.com/api/v1/', 'https://api.example.com/api/v1'],
    ['https://gw.example.com/miosa', 'https://gw.example.com/miosa'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/api/v1'],
    ['http://api.miosa.localhost:8080', 'http://api.miosa.localhost:8080/api/v1'],
  ])('%s means %s', (given, meant) => expect(resolveConfig({ baseUrl: given }).baseUrl).toBe(meant));

  it.each(['example.com', 'ftp://example.com', 'http://example.com', 'http://localhost.example.com'])('refuses %s', (baseUrl) => {
    expect(() => resolveConfig({ baseUrl })).toThrow(ConfigurationError);
  });

  it('comes from the environment, else is the hosted one', () => {
    vi.stubEnv('MIOSA_BASE_URL', '');
    expect(resolveConfig({}).baseUrl).toBe('https://api.miosa.ai/api/v1');
    vi.stubEnv('MIOSA_BASE_URL', 'https://api.example.com');
    expect(resolveConfig({}).baseUrl).toBe('https://api.example.com/api/v1');
  });
});

describe('credential', () => {
  it('comes from the environment when none is given', () => {
    vi.stubEnv('MIOSA_API_KEY', 'msk_live_env');
    expect(resolveConfig({}).credential()).toBe('msk_live_env');
    expect(resolveConfig({ token: 'mbt_1' }).credential()).toBe('mbt_1');
  });

  it.each([{ apiKey: 'a', token: 'b' }, { apiKey: '' }, { apiKey: 'msk_live_x\nX-Evil: 1' }])('refuses %j', (options) => {
    expect(() => resolveConfig(options)).toThrow(ConfigurationError);
  });

  it('asks for one before any request', async () => {
    vi.stubEnv('MIOSA_API_KEY', '');
    const fetch = vi.fn();
    await expect(new Miosa({ fetch }).platform.tenants.current()).rejects.toThrow(/MIOSA_API_KEY/);
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('in a browser', () => {
  it('throws for an msk_ key before any request, wherever it is given', async () => {
    vi.stubGlobal('window', { document: {} });
    const fetch = vi.fn();
    for (const options of [{ apiKey: 'msk_live_1' }, { token: 'msk_u_1' }, { accessToken: 'msk_a_1' }])
      expect(() => new Miosa({ ...options, fetch })).toThrow(/never reach a browser/);
    await expect(new Miosa({ token: () => 'msk_live_1', fetch }).platform.tenants.current()).rejects.toThrow(/never reach a browser/);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('throws in a worker too', () => {
    vi.stubGlobal('WorkerGlobalScope', class {});
    expect(() => new Miosa({ apiKey: 'msk_live_1' })).toThrow(ConfigurationError);
  });

  it('takes a short-lived token', () => {
    vi.stubGlobal('window', { document: {} });
    expect(() => new Miosa({ token: 'mbt_1' })).not.toThrow();
  });
});
