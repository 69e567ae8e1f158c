import type { ErrorCode } from '@miosa/kernel';

/** Why a visitor gets no answer from an app: what the error page shows. All texts are fixed; none holds anything of the request. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly title: string;
  readonly message: string;
  /** The page reloads itself after this long, while it is visible. */
  readonly reloadSeconds?: number;
  /** For programs (`Retry-After`). */
  readonly retryAfterSeconds?: number;
  /** In an iframe the page tells its parent that a fresh token is needed. */
  readonly expired?: boolean;
  /** In an iframe the page tells its parent that no token will help. */
  readonly gone?: boolean;
}

const refusal = (status: number, code: ErrorCode, title: string, message: string, more: Partial<Refusal> = {}): Refusal =>
  Object.freeze({ status, code, title, message, ...more });

/** Contract 4.4, error pages. */
export const REFUSALS = {
  badRequest: refusal(400, 'BAD_REQUEST', 'Bad request', 'The request is malformed.'),
  headersTooLarge: refusal(431, 'BAD_REQUEST', 'Headers too large', 'The request headers are larger than 32 KiB.'),
  urlTooLong: refusal(414, 'BAD_REQUEST', 'Address too long', 'The address is longer than 16 KiB.'),
  tokenNeeded: refusal(
    401,
    'UNAUTHORIZED',
    'This preview is private',
    'Open it with a preview or share link from the person who made it.',
    {
      expired: true,
    },
  ),
  tokenWrong: refusal(403, 'FORBIDDEN', 'This link no longer works', 'It is wrong, has expired or was withdrawn. Ask for a new one.', {
    expired: true,
  }),
  readOnly: refusal(403, 'FORBIDDEN', 'Read only', 'This link allows looking, not changing. Ask for one with the scope "interact".'),
  foreignOrigin: refusal(403, 'FORBIDDEN', 'Not from here', 'A private preview takes such requests from its own pages only.'),
  notFound: refusal(404, 'NOT_FOUND', 'Nothing here', 'There is no such host or resource. Check the address.'),
  timedOut: refusal(408, 'REQUEST_TIMEOUT', 'Too slow', 'The request did not arrive in time.', { retryAfterSeconds: 1 }),
  unpublished: refusal(404, 'NOT_FOUND', 'Nothing published yet', 'This address is taken, but nothing has been published here so far.', {
    reloadSeconds: 5,
  }),
  versionGone: refusal(410, 'GONE', 'This version is gone', 'Its files were removed some time after a newer version replaced it.'),
  gone: refusal(410, 'GONE', 'This sandbox is gone', 'It was destroyed, and its address will not be used again.', { gone: true }),
  tooLarge: refusal(413, 'PAYLOAD_TOO_LARGE', 'Upload too large', 'The request body is larger than allowed here.'),
  misdirected: refusal(421, 'MISDIRECTED_REQUEST', 'Wrong connection', 'The name of the TLS connection and the Host header differ.'),
  tooMany: refusal(429, 'RATE_LIMITED', 'Slow down', 'Too many requests from this address. Wait a second and try again.', {
    retryAfterSeconds: 1,
  }),
  nothingListens: refusal(502, 'UPSTREAM_UNREACHABLE', 'Nothing is listening yet', 'The app does not answer on this port. Is it started?', {
    reloadSeconds: 2,
    retryAfterSeconds: 2,
  }),
  brokenAnswer: refusal(502, 'UPSTREAM_UNREACHABLE', 'The app hung up', 'The connection to the app broke before it answered.', {
    reloadSeconds: 2,
    retryAfterSeconds: 2,
  }),
  starting: refusal(503, 'UNAVAILABLE', 'Starting', 'The sandbox is starting. This page opens it as soon as it is ready.', {
    reloadSeconds: 3,
    retryAfterSeconds: 3,
  }),
  publishing: refusal(503, 'UNAVAILABLE', 'Being published', 'The first version is on its way. This page shows it as soon as it is live.', {
    reloadSeconds: 3,
    retryAfterSeconds: 3,
  }),
  waking: refusal(503, 'UNAVAILABLE', 'Starting', 'The app is starting. This page opens it as soon as it is ready.', {
    reloadSeconds: 3,
    retryAfterSeconds: 3,
  }),
  stopped: refusal(503, 'UNAVAILABLE', 'Switched off', 'The owner of this app has stopped it.'),
  failed: refusal(503, 'UNAVAILABLE', 'Out of order', 'This app could not be started. Its owner can see why.', { retryAfterSeconds: 30 }),
  platformDown: refusal(503, 'UNAVAILABLE', 'One moment', 'The platform cannot answer right now. Try again in a moment.', {
    reloadSeconds: 3,
    retryAfterSeconds: 1,
  }),
  tooSlow: refusal(504, 'TIMEOUT', 'No answer', 'The app did not begin to answer in time.'),
} as const;
