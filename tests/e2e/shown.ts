import type { Sandbox } from '@miosa/sdk';
import type { Browser, Frame, Page } from 'playwright-core';
import { expect } from 'vitest';
import { platform } from '../harness/context.ts';
import { request } from '../harness/request.ts';
import { bundled } from './bundle.ts';
import { type Site, serveSite } from './site.ts';

export interface Shown {
  readonly page: Page;
  /** The app's own document. */
  readonly app: Frame;
  /** The development server has said something over its WebSocket: an edit before that would be one that the page is not told of. */
  readonly hot: Promise<unknown>;
}

const framed = (page: Page): Frame | undefined => page.frames().find((frame) => frame.url().includes('.sandbox.'));

const heard = (page: Page): Promise<unknown> =>
  new Promise((resolve) => {
    page.on('websocket', (socket) => socket.once('framereceived', resolve));
  });

/** The app inside `<MiosaPreview>` on a page of another site. */
export const showInPreview = async (browser: Browser, sandbox: Sandbox, port: number): Promise<Shown & { readonly site: Site }> => {
  const [{ token }, script] = await Promise.all([sandbox.previewToken({ port }), bundled('preview-page.tsx')]);
  const site = await serveSite(`<!doctype html><title>Builder</title><div id="root"></div><script type="module">${script}</script>`);
  const page = await browser.newPage();
  const hot = heard(page);
  const place = new URLSearchParams({ token, sandbox: sandbox.id, api: new URL(platform().apiUrl).origin, port: String(port) });
  await page.goto(`${site.url}#${place}`);
  await expect.poll(() => framed(page), { timeout: 60_000 }).toBeDefined();
  const app = framed(page);
  if (app === undefined) throw new Error('no frame');
  return { page, app, hot, site };
};

/** The app as a page of its own, by the address with a token that allows to send forms, too. */
export const showAtTop = async (browser: Browser, sandbox: Sandbox, port: number): Promise<Shown> => {
  const page = await (await browser.newContext()).newPage();
  const hot = heard(page);
  const { url } = await sandbox.previewToken({ port, scope: 'interact' });
  await page.goto(url);
  expect(page.url()).not.toContain('mp_');
  return { page, app: page.mainFrame(), hot };
};

/** What a stranger gets from the preview's host. */
export const strangerSees = async (sandbox: Sandbox, port: number): Promise<number> => {
  const { url } = await sandbox.previewToken({ port });
  const { status } = await request(new URL('/', url).href, {});
  return status;
};

/** Private first; open to all when it is exposed; private again within a second after that. */
export const expectPrivateByDefault = async (sandbox: Sandbox, port: number): Promise<void> => {
  const refused = 401;
  expect(await strangerSees(sandbox, port)).toBe(refused);
  // A development server makes its first page when it is first asked for it.
  const preview = await sandbox.expose(port, { visibility: 'public' });
  await expect.poll(() => strangerSees(sandbox, port), { timeout: 60_000, interval: 50 }).toBe(200);
  await sandbox.previews.update(preview.id, { visibility: 'private' });
  await expect.poll(() => strangerSees(sandbox, port), { timeout: 1_000, interval: 50 }).toBe(refused);
};
