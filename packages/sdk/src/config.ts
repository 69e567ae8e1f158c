import { environment, platformFetch, platformSockets } from '#platform';
import { ConfigurationError } from './errors.ts';
import type { Fetch } from './fetch.ts';
import type { Sockets } from './socket.ts';

type Credential = string | (() => string | Promise<string>);

export interface MiosaOptions {
  /** `msk_…`; servers only. Default: `MIOSA_API_KEY`. */
  readonly apiKey?: string;
  /** A JWT of a logged-in user, or a function that returns a fresh one for each request. */
  readonly accessToken?: Credential;
  /** Any bearer token; the only form meant for browsers. */
  readonly token?: Credential;
  /** Default: `MIOSA_BASE_URL`, else the hosted API. `/api/v1` is added when the path is empty. */
  readonly baseUrl?: string;
  /** Organization id or slug, for users of several. Default: `MIOSA_TENANT`. */
  readonly tenant?: string;
  /** Limit of one attempt, until its body is read. Default 60000. */
  readonly timeoutMs?: number;
  /** Repeats after the first attempt. Default 3. */
  readonly maxRetries?: number;
  readonly fetch?: Fetch;
  /** Node only: the CA to trust, alone (PEM text or a file). Default: `MIOSA_CA`. */
  readonly ca?: string;
}

export interface Config {
  readonly baseUrl: string;
  /** Asked once per attempt. */
  readonly credential: () => string | undefined | Promise<string>;
  readonly tenant: string | undefined;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly fetch: Fetch;
  /** Made on first use. */
  readonly sockets: () => Sockets;
}

const DEFAULT_BASE_URL = 'https://api.miosa.ai/api/v1';

const inBrowser = (): boolean => {
  const scope = globalThis as { window?: { document?: unknown }; WorkerGlobalScope?: unknown };
  return scope.window?.document !== undefined || scope.WorkerGlobalScope !== undefined;
};

/** An `msk_` key in a page is readable by everyone who opens it: refused before anything is sent. */
const refuseKeyInBrowser = (credential: string): string => {
  if (credential.startsWith('msk_') && inBrowser())
    throw new ConfigurationError(
      'An API key (msk_…) must never reach a browser. Call MIOSA from your server, and give the browser a short-lived token: new Miosa({ token }).',
    );
  return credential;
};

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

const parseBaseUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new ConfigurationError(`The base URL "${text}" is not an http(s) URL. Example: https://api.example.com`);
  // Contract 1.1: plain HTTP only on loopback. Anywhere else the credential would travel in clear text.
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new ConfigurationError(`The base URL ${url.origin} must use https: only loopback addresses may be called without TLS.`);
  if (/^\/*$/.test(url.pathname)) url.pathname = '/api/v1';
  return url;
};

const credentialOf = (options: MiosaOptions): Config['credential'] => {
  const given = [options.apiKey, options.accessToken, options.token].filter((value) => value !== undefined);
  if (given.length > 1) throw new ConfigurationError('Give one of apiKey, accessToken and token, not several.');
  const credential = given[0] ?? environment('MIOSA_API_KEY');
  if (typeof credential === 'function') return async () => refuseKeyInBrowser(await credential());
  if (credential === undefined) return () => undefined;
  if (!/^[\x21-\x7e]+$/.test(credential))
    throw new ConfigurationError('The credential is empty or holds spaces, line breaks or other characters that no MIOSA credential has.');
  refuseKeyInBrowser(credential);
  return () => credential;
};

export const resolveConfig = (options: MiosaOptions): Config => {
  const url = parseBaseUrl(options.baseUrl ?? environment('MIOSA_BASE_URL') ?? DEFAULT_BASE_URL);
  return {
    baseUrl: url.origin + url.pathname.replace(/\/+$/, ''),
    credential: credentialOf(options),
    tenant: options.tenant ?? environment('MIOSA_TENANT'),
    timeoutMs: options.timeoutMs ?? 60_000,
    maxRetries: options.maxRetries ?? 3,
    // Looked up at call time and unbound from this object: browsers refuse `fetch` with another `this`.
    fetch: options.fetch ?? platformFetch(url, options.ca) ?? ((address, init) => globalThis.fetch(address, init)),
    sockets: () => platformSockets(options.ca),
  };
};
