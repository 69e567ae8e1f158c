import { expect, it } from 'vitest';
import { Miosa } from '../index.ts';
import { json, startServer } from '../testServer.ts';
import { createFetch } from './nodeFetch.ts';

const named = (url: string): string => url.replace('127.0.0.1', 'api.miosa.localhost');

it('reaches *.localhost names that the resolver does not know', async () => {
  await using server = await startServer(json(200, { data: { id: 't' } }));
  const tenant = await new Miosa({ baseUrl: named(server.url), apiKey: 'msk_test_1' }).platform.tenants.current();
  expect(tenant.id).toBe('t');
  expect(server.requests[0]?.headers.host).toBe(named(server.url).slice('http://'.length));
});

it('sends every kind of body whole and reads bytes and streams', async () => {
  await using server = await startServer((response, request) =>
    response.writeHead(200, { 'x-length': String(request.body.length) }).end(request.body),
  );
  const fetch = createFetch();
  const stream = () => new Blob(['a'.repeat(300_000)]).stream();
  for (const body of ['a'.repeat(300_000), new TextEncoder().encode('a'.repeat(300_000)), new Blob(['a'.repeat(300_000)]), stream()]) {
    const response = await fetch(`${named(server.url)}/x`, { method: 'PUT', headers: {}, body });
    expect(response.headers.get('X-Length')).toBe('300000');
    expect((await response.arrayBuffer()).byteLength).toBe(300_000);
  }
  const response = await fetch(named(server.url), { method: 'PUT', headers: {}, body: 'ä' });
  let text = '';
  for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
  expect(text).toBe('ä');
});

it('keeps connections open for the next call', async () => {
  const ports = new Set<number | undefined>();
  await using server = await startServer((response) => {
    ports.add(response.socket?.remotePort);
    response.end('{}');
  });
  const fetch = createFetch();
  for (let i = 0; i < 5; i++) await (await fetch(named(server.url), { method: 'GET', headers: {} })).text();
  expect(ports.size).toBe(1);
});

it('rejects when the call is aborted or the body breaks off', async () => {
  await using server = await startServer((response) =>
    response.writeHead(200, { 'content-length': '10' }).write('abc', () => response.destroy()),
  );
  const fetch = createFetch();
  const response = await fetch(server.url, { method: 'GET', headers: {} });
  await expect(response.text()).rejects.toThrow();
  await expect(fetch(server.url, { method: 'GET', headers: {}, signal: AbortSignal.abort() })).rejects.toThrow();
});
