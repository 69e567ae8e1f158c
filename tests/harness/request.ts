import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { platform } from './context.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One request as a browser or program would send it, redirects not followed. `*.localhost` is resolved here: Node's resolver may not know it. */
export const request = (url: string, options: RequestOptions = {}): Promise<Answer> => {
  const target = new URL(url);
  const tls = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sent = (tls ? tlsRequest : plainRequest)(
      {
        host: '127.0.0.1',
        port: target.port,
        path: target.pathname + target.search,
        method: options.method ?? 'GET',
        headers: { host: target.host, ...options.headers },
        agent: false,
        ...(tls ? { servername: target.hostname, ca: readFileSync(platform().ca) } : {}),
      },
      (received) => {
        const chunks: Buffer[] = [];
        received.on('data', (chunk: Buffer) => chunks.push(chunk));
        received.once('error', reject);
        received.once('end', () =>
          resolve({ status: received.statusCode ?? 0, headers: received.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.once('error', reject);
    sent.end(options.body);
  });
};

/** Opens a preview as a browser does: takes the redirect and its cookie, then asks again with it. */
export const visit = async (url: string, options: RequestOptions = {}): Promise<Answer & { readonly cookie: string }> => {
  const first = await request(url, options);
  const cookie = (first.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '').join('; ');
  if (first.status !== 302 || first.headers.location === undefined) return { ...first, cookie };
  const next = new URL(first.headers.location, url).href;
  return { ...(await request(next, { ...options, headers: { ...options.headers, cookie } })), cookie };
};
