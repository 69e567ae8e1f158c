import { Fault } from '@miosa/kernel';

interface DriverError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
}

/** Values no column can hold: NUL in text, a lone surrogate in jsonb, a number or date out of range, a malformed uuid. */
const BAD_VALUE = new Set(['22021', '22P05', '22P02', '22003', '22007', '22008']);
/** Serialization failure or deadlock beyond all retries; lock not available; too many connections, out of disk; shutting down; plan of before a migration. */
const BUSY = /^(?:0A000|40001|40P01|55P03|08...|53...|57P0[1-4])$/;
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|The server does not)/;

/** What an error of the driver means to a caller; `undefined` when it is our own mistake. */
export const databaseFault = (error: unknown): Fault | undefined => {
  const { code, syscall, message } = (error ?? {}) as DriverError;
  const internal = String(message);
  if (typeof code === 'string' && BAD_VALUE.has(code)) {
    return new Fault(
      'VALIDATION_ERROR',
      'A value has a form that cannot be stored: a NUL character, half of a surrogate pair or a number out of range.',
      {
        internal,
        cause: error,
      },
    );
  }
  if (code === '57014') return new Fault('TIMEOUT', 'The database took too long. Try again.', { internal, cause: error });
  const lost = syscall === 'connect' || code === 'ECONNRESET' || code === 'EPIPE' || (typeof message === 'string' && LOST.test(message));
  if (lost || (typeof code === 'string' && BUSY.test(code))) {
    return new Fault('UNAVAILABLE', 'The database does not answer right now. Try again.', {
      details: { reason: 'database' },
      internal,
      cause: error,
    });
  }
  return undefined;
};
