import { errorOf, type MiosaError } from './errors.ts';

/** Close codes of contract 1.10 as the errors a call would have given. */
const MEANING: Readonly<Record<number, readonly [status: number, code: string, message: string]>> = {
  4400: [400, 'BAD_REQUEST', 'The server did not understand a frame.'],
  4401: [401, 'UNAUTHORIZED', 'The credential has ended.'],
  4403: [403, 'FORBIDDEN', 'This credential may not do that.'],
  4404: [410, 'GONE', 'It is gone.'],
  4408: [408, 'REQUEST_TIMEOUT', 'Nothing was sent for too long.'],
  4409: [409, 'SANDBOX_NOT_RUNNING', 'The sandbox stopped running.'],
  4429: [429, 'RATE_LIMITED', 'There are too many connections.'],
  1011: [500, 'INTERNAL', 'The server failed.'],
};

/** Why a WebSocket ended, as an error. */
export const closedWith = (code: number, reason: string): MiosaError => {
  const [status, name, message] = MEANING[code] ?? [0, 'CONNECTION_LOST', 'The connection was lost.'];
  return errorOf({ status, code: name, message: reason === '' ? message : reason });
};

/** Codes after which a new connection may well work: lost, going away, failed, restarting. */
export const isPassing = (code: number): boolean => code === 1006 || code === 1001 || code === 1005 || code === 1011 || code === 1012;
