import type { CallOptions, Transport } from '../transport.ts';
import type { Body, Data } from '../wire.ts';

/** A token for a browser; the only time it is shown. */
export type BrowserToken = Data<'browserTokens.create'>;
export type Settings = Data<'settings.get'>;

export const browserTokensApi = (t: Transport) => ({
  /** For a browser that calls MIOSA itself: short-lived, bound to the narrowest thing named, with these permissions only. */
  create: (body: Body<'browserTokens.create'>, options?: CallOptions): Promise<BrowserToken> =>
    t.data({ method: 'POST', path: '/browser-tokens', body, options }),
});

export const settingsApi = (t: Transport) => ({
  get: (options?: CallOptions): Promise<Settings> => t.data({ method: 'GET', path: '/settings', options }),
  /** What is not named stays. */
  update: (body: Body<'settings.update'>, options?: CallOptions): Promise<Settings> =>
    t.data({ method: 'PATCH', path: '/settings', body, options }),
});
