import type { Fetch } from '../fetch.ts';

/** Browsers have no environment variables. */
export const environment = (_name: string): string | undefined => undefined;

/** Browsers resolve `*.localhost` and hold their own certificate store: the standard `fetch` is always right. */
export const platformFetch = (_baseUrl: URL, _ca: string | undefined): Fetch | undefined => undefined;
