import './testDom.ts';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MiosaPreview, type MiosaPreviewProps } from './index.ts';
import { dom } from './testDom.ts';

const TOKEN = 'mp_eyJhbGciOiJFZERTQSIs';
const API = 'https://api.miosa.localhost:8443';
const PREVIEW = 'https://5173-sbx01j9x.sandbox.miosa.localhost:8443';
const basic: MiosaPreviewProps = { token: TOKEN, sandboxId: 'sbx_abc123', baseUrl: `${API}/api/v1` };

describe('on the server', () => {
  it('renders a confined frame whose address alone holds the token', () => {
    const html = renderToString(<MiosaPreview {...basic} port={5173} path="/a?b=c&d" title="Summer Lead Magnet" />);
    expect(html).toContain('sandbox="allow-scripts allow-same-origin allow-forms allow-popups"');
    expect(html).toContain('allow="clipboard-read; clipboard-write"');
    expect(html).toContain('title="Summer Lead Magnet"');
    expect(html).toContain(`src="${API}/embed/sbx_abc123?mt=${TOKEN}&amp;port=5173&amp;path=%2Fa%3Fb%3Dc%26d"`);
    expect(html.split(TOKEN)).toHaveLength(2);
    expect(html.indexOf('sandbox=')).toBeLessThan(html.indexOf('src='));
  });

  it.each(['msk_live_1', 'msk_u_1', 'eyJhbGciOiJIUzUxMiJ9.jwt', ''])('throws for %j without repeating it', (token) => {
    expect(() => renderToString(<MiosaPreview {...basic} token={token} />)).toThrow(/^MiosaPreview: (?!.*(live_1|u_1|eyJ))/);
  });

  it('throws for a base URL that is none', () => {
    for (const baseUrl of ['javascript:alert(1)', 'api.example.com'])
      expect(() => renderToString(<MiosaPreview {...basic} baseUrl={baseUrl} />)).toThrow(/baseUrl/);
  });

  it('says that it loads, in words that can be replaced', () => {
    expect(renderToString(<MiosaPreview {...basic} />)).toMatch(/aria-busy="true".*role="status".*Loading/);
    expect(renderToString(<MiosaPreview {...basic} strings={{ loading: 'Einen Moment …' }} />)).toContain('Einen Moment …');
  });

  it('has no styles when unstyled', () => {
    expect(renderToString(<MiosaPreview {...basic} unstyled className="mine" />)).not.toContain('style=');
  });
});

describe('in the browser', () => {
  const frameWindow = {};
  let root: Root;
  let host: HTMLElement;
  beforeEach(() => {
    vi.spyOn(console, 'error');
    vi.spyOn(HTMLIFrameElement.prototype, 'contentWindow', 'get').mockReturnValue(frameWindow as Window);
    host = document.body.appendChild(document.createElement('div'));
    root = createRoot(host);
  });
  afterEach(async () => {
    await act(async () => root.unmount());
    host.remove();
    vi.useRealTimers();
    expect(console.error).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  const show = (props: Partial<MiosaPreviewProps> = {}) => act(async () => root.render(<MiosaPreview {...basic} {...props} />));

  const answering = (...answers: readonly { status: number; token?: string }[]) => {
    const asked: { url: string; init: RequestInit }[] = [];
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const { status, token } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500 };
      asked.push({ url, init });
      return new Response(JSON.stringify({ data: { token } }), { status });
    });
    return asked;
  };

  const iframe = (): HTMLIFrameElement => host.querySelector('iframe') as HTMLIFrameElement;
  const state = () => host.firstElementChild?.getAttribute('data-state');
  const loaded = () => act(async () => void iframe().dispatchEvent(new dom.Event('load') as unknown as Event));
  const expired = { type: 'miosa:preview-expired', sandbox_id: 'sbx_abc123' };
  const post = (data: unknown, origin: string, source: unknown = frameWindow) =>
    act(async () => void dom.dispatchEvent(new dom.MessageEvent('message', { data, origin, source: source as typeof dom })));

  it('tells when it is there, and of every later page', async () => {
    const onReady = vi.fn();
    const onNavigate = vi.fn();
    await show({ onReady, onNavigate });
    await loaded();
    await loaded();
    expect([onReady.mock.calls.length, onNavigate.mock.calls.length, state()]).toEqual([1, 1, 'ready']);
    expect(host.querySelector('[role=status]')).toBeNull();
  });

  it('believes an expiry only from its own frame, from an expected origin, about its own sandbox', async () => {
    const onExpired = vi.fn();
    await show({ onExpired, port: 5173 });
    await loaded();
    await post(expired, PREVIEW, dom);
    await post(expired, 'https://evil.example');
    await post(expired, PREVIEW.replace('5173', '3000'));
    await post(expired, PREVIEW.replace('https', 'http'));
    await post({ ...expired, sandbox_id: 'sbx_other' }, PREVIEW);
    await post({ type: 'something' }, PREVIEW);
    await post(null, PREVIEW);
    expect([onExpired.mock.calls.length, state()]).toEqual([0, 'ready']);
    await post(expired, PREVIEW);
    expect([onExpired.mock.calls.length, state()]).toEqual([1, 'expired']);
    await loaded();
    expect(state()).toBe('expired');
    expect(host.querySelector('[role=alert]')?.textContent).toContain('expired');
  });

  it('opens again with a fresh token, once, and not in a circle', async () => {
    const onExpired = vi.fn();
    let n = 0;
    const onTokenExpiring = vi.fn(async () => `mp_fresh${++n}`);
    await show({ onExpired, onTokenExpiring });
    await post(expired, API);
    expect(iframe().getAttribute('src')).toContain('mt=mp_fresh1');
    expect([onExpired.mock.calls.length, state()]).toEqual([0, 'loading']);
    await post(expired, API);
    expect([onTokenExpiring.mock.calls.length, onExpired.mock.calls.length, state()]).toEqual([1, 1, 'expired']);
  });

  it('says that a destroyed sandbox is gone, and asks for no token', async () => {
    const onExpired = vi.fn();
    const onTokenExpiring = vi.fn(() => 'mp_fresh');
    await show({ onExpired, onTokenExpiring });
    await loaded();
    const gone = { type: 'miosa:preview-gone', sandbox_id: 'sbx_abc123' };
    await post(gone, 'https://evil.example');
    expect(state()).toBe('ready');
    await post(gone, PREVIEW);
    await post(gone, PREVIEW);
    await loaded();
    expect([onExpired.mock.calls.length, onTokenExpiring.mock.calls.length, state()]).toEqual([1, 0, 'gone']);
    expect(host.querySelector('[role=alert]')?.textContent).toBe('This preview has ended.');
  });

  it('reports a failed renewal and shows the expiry', async () => {
    const onError = vi.fn();
    await show({ onError, onTokenExpiring: () => Promise.reject(new Error('backend is down')) });
    await post(expired, API);
    expect(onError).toHaveBeenCalledWith(new Error('backend is down'));
    expect(state()).toBe('expired');
  });

  it('asks for a fresh token a minute before the end', async () => {
    vi.useFakeTimers();
    const onTokenExpiring = vi.fn(() => 'mp_fresh');
    await show({ onTokenExpiring, expiresAt: new Date(Date.now() + 3_600_000) });
    await act(async () => void vi.advanceTimersByTime(3_539_000));
    expect(onTokenExpiring).not.toHaveBeenCalled();
    await act(async () => void vi.advanceTimersByTime(2000));
    expect(iframe().getAttribute('src')).toContain('mt=mp_fresh');
  });

  it('offers another try when nothing comes', async () => {
    vi.useFakeTimers();
    const onError = vi.fn();
    await show({ onError });
    await act(async () => void vi.advanceTimersByTime(90_000));
    expect([onError.mock.calls.length, state()]).toEqual([1, 'failed']);
    const before = iframe();
    await act(async () => host.querySelector('button')?.click());
    expect(state()).toBe('loading');
    expect(iframe()).not.toBe(before);
  });

  describe('a browser token', () => {
    afterEach(() => void vi.unstubAllGlobals());

    it('is exchanged at the API for the preview token that the frame opens with', async () => {
      const asked = answering({ status: 200, token: 'mp_exchanged' });
      await show({ token: 'mbt_secret', port: 5173 });
      expect(iframe().getAttribute('src')).toBe(`${API}/embed/sbx_abc123?mt=mp_exchanged&port=5173`);
      expect(asked.map(({ url }) => url)).toEqual([`${API}/api/v1/sandboxes/sbx_abc123/preview-token`]);
      expect(asked[0]?.init).toMatchObject({ method: 'POST', credentials: 'omit', headers: { authorization: 'Bearer mbt_secret' } });
      expect(host.innerHTML).not.toContain('mbt_secret');
    });

    it('that is refused has expired, unless a fresh one comes', async () => {
      const onExpired = vi.fn();
      answering({ status: 401 }, { status: 200, token: 'mp_second' });
      await show({ token: 'mbt_old', onExpired, onTokenExpiring: () => 'mbt_new' });
      expect([iframe().getAttribute('src'), onExpired.mock.calls.length]).toEqual([`${API}/embed/sbx_abc123?mt=mp_second`, 0]);
      answering({ status: 401 });
      await show({ token: 'mbt_third', onExpired });
      expect([state(), onExpired.mock.calls.length, host.querySelector('iframe')]).toEqual(['expired', 1, null]);
    });

    it('of a destroyed sandbox shows that it is gone, and an API that fails can be asked again', async () => {
      answering({ status: 410 });
      await show({ token: 'mbt_a' });
      expect(state()).toBe('gone');
      const onError = vi.fn();
      const asked = answering({ status: 503 }, { status: 200, token: 'mp_later' });
      await show({ token: 'mbt_b', onError });
      expect([state(), onError.mock.calls.length]).toEqual(['failed', 1]);
      await act(async () => host.querySelector('button')?.click());
      expect([iframe().getAttribute('src'), asked.length]).toEqual([`${API}/embed/sbx_abc123?mt=mp_later`, 2]);
    });
  });
});
