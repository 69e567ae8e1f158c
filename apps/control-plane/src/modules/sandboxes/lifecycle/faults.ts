import { Fault } from '@miosa/kernel';

/** Failures of the host that say nothing about the sandbox: its state stays as it was and the caller may try again. */
const PASSING = new Set(['UNAVAILABLE', 'TIMEOUT', 'UPSTREAM_UNREACHABLE', 'RATE_LIMITED']);

/** Whether the runtime failed for a reason that may pass. Anything that is not a Fault (a socket error, say) is the host being away. */
export const mayPass = (error: unknown): boolean => !(error instanceof Fault) || PASSING.has(error.code);

/** Public one-line reason for `state_reason`. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Fault)) return 'The host could not be reached.';
  const reason = error.details?.reason;
  return typeof reason === 'string' ? `${reason}: ${error.message}`.slice(0, 500) : error.message.slice(0, 500);
};

const publicReason = (error: unknown): string => {
  const reason = error instanceof Fault ? error.details?.reason : undefined;
  return typeof reason === 'string' ? reason : 'host_unreachable';
};

/** What a caller is told when the host failed: 502 when it is away, 503 with its reason otherwise. */
export const hostFault = (error: unknown, what: string, details: Record<string, unknown> = {}): Fault => {
  const internal = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Fault) || error.code === 'UPSTREAM_UNREACHABLE') {
    return new Fault('UPSTREAM_UNREACHABLE', `${what}: the host that runs it could not be reached. Try again.`, {
      cause: error,
      internal,
      details,
    });
  }
  return new Fault('UNAVAILABLE', `${what}: ${error.message}`, {
    cause: error,
    internal: error.internal ?? internal,
    details: { ...details, reason: publicReason(error) },
  });
};
