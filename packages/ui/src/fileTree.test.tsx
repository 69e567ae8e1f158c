import './testDom.ts';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MiosaFileTree, type MiosaFileTreeProps } from './index.ts';
import { dom } from './testDom.ts';

const API = 'https://api.miosa.localhost:8443';
const basic: MiosaFileTreeProps = { token: 'mbt_one', sandboxId: 'sbx_abc123', baseUrl: `${API}/api/v1` };

let root: Root;
let host: HTMLElement;
let asked: { url: URL; token: string | null }[];
let folders: Record<string, [string, 'file' | 'dir'][]>;
let refuse: { status: number; code: string } | undefined;
let tell: (event: object) => Promise<void>;
let endWatch: () => Promise<void>;

const answer = (url: URL, path: string): Response => {
  if (refuse !== undefined) return new Response(JSON.stringify({ error: { code: refuse.code } }), { status: refuse.status });
  if (!url.pathname.endsWith('/watch')) {
    const data = (folders[path] ?? []).map(([name, type]) => ({ path: `${path}/${name}`, name, type, size_bytes: 1 }));
    return new Response(JSON.stringify({ data }));
  }
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(': hb\n\n'));
      tell = (event) =>
        act(async () => {
          // In two pieces: chunk borders fall anywhere.
          const bytes = new TextEncoder().encode(`event: x\ndata: ${JSON.stringify(event)}\n\n`);
          controller.enqueue(bytes.slice(0, 9));
          controller.enqueue(bytes.slice(9));
          await new Promise((resolve) => setTimeout(resolve, 5));
        });
      endWatch = () => act(async () => controller.close());
    },
  });
  return new Response(body);
};

beforeEach(() => {
  asked = [];
  refuse = undefined;
  folders = {
    '/workspace': [
      ['src', 'dir'],
      ['a.txt', 'file'],
      ['.env', 'file'],
    ],
    '/workspace/src': [['app.ts', 'file']],
  };
  vi.spyOn(console, 'error');
  vi.stubGlobal('fetch', async (text: string, init: RequestInit) => {
    const url = new URL(text);
    asked.push({ url, token: new Headers(init.headers).get('authorization') });
    return answer(url, url.searchParams.get('path') ?? '');
  });
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const show = (props: Partial<MiosaFileTreeProps> = {}) =>
  act(async () => {
    root.render(<MiosaFileTree {...basic} {...props} />);
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
const items = (): HTMLElement[] => [...host.querySelectorAll<HTMLElement>('[role=treeitem]')];
const names = (): string[] => items().map((item) => item.dataset.path ?? '');
const item = (path: string): HTMLElement => items().find((one) => one.dataset.path === path) as HTMLElement;
const phase = () => host.firstElementChild?.getAttribute('data-state');
const key = (name: string) =>
  act(async () => {
    const at = items().find((one) => one.tabIndex === 0);
    at?.dispatchEvent(new dom.KeyboardEvent('keydown', { key: name, bubbles: true }) as unknown as Event);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

it('opens the watch before it lists, with the token in a header and nowhere else', async () => {
  await show();
  expect(asked.map(({ url }) => url.pathname)).toEqual(['/api/v1/sandboxes/sbx_abc123/files/watch', '/api/v1/sandboxes/sbx_abc123/files']);
  expect(asked.every(({ url, token }) => token === 'Bearer mbt_one' && !url.href.includes('mbt_'))).toBe(true);
  expect([phase(), names()]).toEqual(['ready', ['/workspace/src', '/workspace/a.txt']]);
  expect(host.innerHTML).not.toContain('mbt_one');
});

it('is a tree to assistive technology, and keys work it', async () => {
  const onSelect = vi.fn();
  await show({ onSelect });
  expect(host.querySelector('[role=tree]')?.getAttribute('aria-label')).toBe('Files');
  expect(item('/workspace/src').getAttribute('aria-expanded')).toBe('false');
  expect(items().map((one) => one.tabIndex)).toEqual([0, -1]);
  await key('ArrowRight');
  expect(names()).toEqual(['/workspace/src', '/workspace/src/app.ts', '/workspace/a.txt']);
  expect(item('/workspace/src/app.ts').getAttribute('aria-level')).toBe('2');
  await key('ArrowDown');
  await key('Enter');
  expect(onSelect).toHaveBeenCalledWith({ path: '/workspace/src/app.ts', name: 'app.ts', type: 'file', sizeBytes: 1 });
  expect(item('/workspace/src/app.ts').getAttribute('aria-selected')).toBe('true');
});

it('follows the sandbox, and lists again when changes were lost', async () => {
  const onChange = vi.fn();
  await show({ onChange, defaultExpanded: ['/workspace/src'] });
  await tell({ type: 'created', path: '/workspace/src/b.ts', is_dir: false, size_bytes: 1 });
  await tell({ type: 'renamed', path: '/workspace/lib', old_path: '/workspace/src', is_dir: true, size_bytes: 0 });
  await tell({ type: 'deleted', path: '/workspace/a.txt', is_dir: false, size_bytes: 0 });
  expect(names()).toEqual(['/workspace/lib', '/workspace/lib/app.ts', '/workspace/lib/b.ts']);
  expect(onChange.mock.calls).toEqual([
    ['/workspace/src/b.ts', 'created'],
    ['/workspace/lib', 'renamed'],
    ['/workspace/a.txt', 'deleted'],
  ]);
  folders['/workspace'] = [['fresh.txt', 'file']];
  await tell({ type: 'overflow', path: '/workspace', reason: 'queue' });
  expect(names()).toEqual(['/workspace/fresh.txt']);
});

it('shows hidden files on request', async () => {
  await show({ showHidden: true });
  expect(names()).toContain('/workspace/.env');
});

it('says that the sandbox is paused, and wakes it only when it is asked to', async () => {
  await show();
  await tell({ type: 'error', code: 'SANDBOX_NOT_RUNNING', message: 'Paused.' });
  expect(phase()).toBe('paused');
  const before = asked.length;
  await act(async () => {
    host.querySelector('button')?.click();
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  expect([phase(), asked.length]).toEqual(['ready', before + 2]);
});

it('asks for a fresh token once the old one has ended, and says so when there is none', async () => {
  const onError = vi.fn();
  refuse = { status: 401, code: 'UNAUTHORIZED' };
  await show({ onError });
  expect([phase(), onError.mock.calls.length]).toEqual(['expired', 1]);
  await act(async () => root.render(null));
  await show({
    onTokenExpiring: () => {
      refuse = undefined;
      return 'mbt_two';
    },
  });
  expect([phase(), asked.at(-1)?.token]).toEqual(['ready', 'Bearer mbt_two']);
});

it('ends with its folder', async () => {
  await show();
  await tell({ type: 'deleted', path: '/workspace', is_dir: true, size_bytes: 0 });
  expect(phase()).toBe('gone');
});

it('connects anew after a break', async () => {
  await show();
  const before = asked.length;
  await endWatch();
  await act(() => new Promise((resolve) => setTimeout(resolve, 600)));
  expect([phase(), asked.length]).toEqual(['ready', before + 2]);
});

it.each(['msk_live_1', 'mp_1', ''])('throws for %j without repeating it', (token) => {
  expect(() => renderToString(<MiosaFileTree {...basic} token={token} />)).toThrow(/^MiosaFileTree: (?!.*live_1)/);
});

it('has no styles when unstyled, and replaceable words', () => {
  const html = renderToString(<MiosaFileTree {...basic} unstyled strings={{ loading: 'Einen Moment …' }} />);
  expect(html).not.toContain('style=');
  expect(html).toContain('Einen Moment …');
});
