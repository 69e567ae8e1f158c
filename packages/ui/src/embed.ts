/** Where a preview is opened: the API redirects from here to the preview's own host, so that nobody builds host names. */
export interface Embed {
  readonly baseUrl: string;
  readonly token: string;
  readonly sandboxId: string;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}

/** Only the origin of `baseUrl` counts. */
export const apiOrigin = (baseUrl: string): string => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new Error(`MiosaPreview: baseUrl "${baseUrl}" is not an http(s) URL.`);
  return url.origin;
};

/** Whatever is in the page belongs to the visitor: only tokens made for that get in. The message never repeats the token. */
export const checkToken = (token: string): void => {
  if (token.startsWith('msk_'))
    throw new Error('MiosaPreview: an API key (msk_…) must never reach a browser. Mint a preview token on your server and pass that.');
  if (!/^(mp|mbt|ms)_/.test(token)) throw new Error('MiosaPreview: token must be a preview token (mp_…), minted on your server.');
};

export const embedUrl = ({ baseUrl, token, sandboxId, port, path }: Embed): string => {
  checkToken(token);
  const query = new URLSearchParams({ mt: token });
  if (port !== undefined) query.set('port', String(port));
  if (path !== undefined) query.set('path', path);
  return `${apiOrigin(baseUrl)}/embed/${encodeURIComponent(sandboxId)}?${query}`;
};

const PREVIEW_HOST = /^(\d+)-[a-z0-9-]+\.sandbox\./;

/** Messages count when they come from the API's own error page or from a preview host (`{port}-{slug}.sandbox.…`, contract 4.3). */
export const isExpectedOrigin = (origin: string, baseUrl: string, port: number | undefined): boolean => {
  const api = apiOrigin(baseUrl);
  if (origin === api) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  const labelPort = PREVIEW_HOST.exec(hostname)?.[1];
  return protocol === new URL(api).protocol && labelPort !== undefined && (port === undefined || Number(labelPort) === port);
};
