import { Miosa } from '@miosa/sdk';
import { inject } from 'vitest';

/** What a black-box test knows of the platform under test; given by the global set-up of the `platform` project. */
export interface PlatformContext {
  readonly apiUrl: string;
  readonly domain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Live key of the first organization. */
  readonly apiKey: string;
  /** Path of the local CA certificate (PEM). */
  readonly ca: string;
  readonly email: string;
  readonly password: string;
  readonly dataDir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    platform: PlatformContext;
  }
}

export const platform = (): PlatformContext => inject('platform');

/** A client of the first organization, or of another credential. No retries: a test wants to see the first answer. */
export const client = (
  options: { readonly apiKey?: string | undefined; readonly accessToken?: string; readonly maxRetries?: number } = {},
): Miosa => {
  const { apiUrl, apiKey, ca } = platform();
  const credential = options.accessToken === undefined ? { apiKey: options.apiKey ?? apiKey } : { accessToken: options.accessToken };
  return new Miosa({ ...credential, baseUrl: apiUrl, ca, maxRetries: options.maxRetries ?? 0 });
};

/** A name no other test uses. */
export const unique = (prefix: string): string => `${prefix}-${Math.random().toString(36).slice(2, 10)}`;
