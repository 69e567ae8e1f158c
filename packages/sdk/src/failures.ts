import { AuthenticationError, ConnectionError, errorOfAnswer, type MiosaError } from './errors.ts';
import type { FetchResponse } from './fetch.ts';
import { retryAfterMs } from './retry.ts';

export const failureOf = async (response: FetchResponse): Promise<MiosaError> => {
  if (response.status < 400) {
    const location = response.headers.get('location');
    return new ConnectionError({
      status: response.status,
      code: 'BAD_RESPONSE',
      message: `The server redirects API calls${location === null ? '' : ` to ${location.split('?')[0]}`}. Use that address as the base URL.`,
    });
  }
  return errorOfAnswer(
    response.status,
    await response.text(),
    response.headers.get('x-request-id'),
    retryAfterMs(response.headers.get('retry-after')),
  );
};

export const noCredential = (): AuthenticationError =>
  new AuthenticationError({
    status: 401,
    code: 'UNAUTHORIZED',
    message: 'No credential: set MIOSA_API_KEY, or pass apiKey, accessToken or token.',
  });

export const tooSlow = (call: { readonly method: string; readonly path: string }, limitMs: number): ConnectionError =>
  new ConnectionError({
    status: 0,
    code: 'CLIENT_TIMEOUT',
    message: `${call.method} ${call.path} was not answered within ${limitMs} ms. Raise timeoutMs if it may take longer.`,
  });

export const lost = (error: unknown, url: string): ConnectionError => {
  const reason = reasonOf(error);
  const hint = /CERT|SELF_SIGNED|certificate/i.test(reason)
    ? ' The certificate is not trusted: name the local CA with `ca` or MIOSA_CA.'
    : '';
  return new ConnectionError({
    status: 0,
    code: 'CONNECTION_LOST',
    message: `No answer from ${new URL(url).origin}: ${reason}.${hint}`,
    cause: error,
  });
};

/** `fetch failed` says nothing; what happened is in its cause (or, with several addresses, in the causes of that). */
const reasonOf = (error: unknown): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const first = inner instanceof AggregateError ? inner.errors[0] : inner;
  if (!(first instanceof Error)) return 'the connection was lost';
  return first.message || (first as { code?: string }).code || first.name;
};
