import { type ErrorCode, Fault } from '@miosa/kernel';

/** Contract 1.10. */
export const FRAME_MAX_BYTES = 1024 * 1024;

/** Close codes (contract 1.10). */
export const CLOSE = {
  normal: 1000,
  internal: 1011,
  /** The server goes; connect again. */
  restarting: 1012,
  badFrame: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  gone: 4404,
  idle: 4408,
  wrongState: 4409,
  limited: 4429,
} as const;

const OF_FAULT: Partial<Record<ErrorCode, number>> = {
  UNAUTHORIZED: CLOSE.unauthorized,
  FORBIDDEN: CLOSE.forbidden,
  NOT_FOUND: CLOSE.gone,
  GONE: CLOSE.gone,
  SANDBOX_NOT_RUNNING: CLOSE.wrongState,
  CONFLICT: CLOSE.wrongState,
  RATE_LIMITED: CLOSE.limited,
  VALIDATION_ERROR: CLOSE.badFrame,
  BAD_REQUEST: CLOSE.badFrame,
  UNAVAILABLE: CLOSE.restarting,
};

/** A fault met after the handshake, as the code a socket is closed with. */
export const closeCodeOf = (error: unknown): number => (error instanceof Fault ? (OF_FAULT[error.code] ?? CLOSE.internal) : CLOSE.internal);

/**
 * Throws BAD_REQUEST for a request that asks for no WebSocket. A handler calls it once it knows that the caller may see what is asked for, and
 * before it connects anything: nobody learns from the order of refusals what exists.
 */
export const assertUpgrade = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): void => {
  const { upgrade, 'sec-websocket-version': version, 'sec-websocket-key': key } = headers;
  if (typeof upgrade === 'string' && upgrade.toLowerCase() === 'websocket' && version === '13') {
    if (typeof key === 'string' && /^[+/0-9A-Za-z]{22}==$/.test(key)) return;
    throw new Fault('BAD_REQUEST', 'The header Sec-WebSocket-Key is missing or malformed.');
  }
  throw new Fault('BAD_REQUEST', 'This route speaks WebSocket (RFC 6455, version 13): send Connection: Upgrade and Upgrade: websocket.');
};
