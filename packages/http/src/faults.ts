import { Fault, type Log } from '@miosa/kernel';
import { statusOf } from './status.ts';

/** Turns an error of a lower layer (a lost database, say) into a fault; `undefined` when it means nothing to the caller. */
export type Translate = (error: unknown) => Fault | undefined;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const PUBLIC_INTERNAL = 'Something went wrong on our side. Try again; if it stays, give the request id to the operator.';

/** Errors of Fastify itself (bad URL, say) carry a client status; whatever else is unknown is our fault. */
const fromStatus = (status: number | undefined): Fault | undefined => {
  if (status === 404) return new Fault('NOT_FOUND', 'There is no such route.');
  if (status !== undefined && status >= 400 && status < 500) return new Fault('BAD_REQUEST', 'The request is malformed.');
  return undefined;
};

export const toFault = (error: unknown, translate?: Translate): Fault => {
  if (error instanceof Fault) return error;
  const known = translate?.(error) ?? fromStatus((error as { statusCode?: number } | null)?.statusCode);
  return known ?? new Fault('INTERNAL', PUBLIC_INTERNAL, { internal: String(error), cause: error });
};

/** Seconds after which a retry makes sense (contract 1.3, 1.4, 1.6). A fault may say its own, for clients to read also in `details.retry_after`. */
const retryAfter = ({ code, details, retryAfterSeconds }: Fault): number | undefined => {
  if (retryAfterSeconds !== undefined) return retryAfterSeconds;
  if (typeof details?.retry_after === 'number') return Math.max(1, Math.ceil(details.retry_after));
  return code === 'IDEMPOTENCY_IN_PROGRESS' || code === 'UNAVAILABLE' || code === 'RATE_LIMITED' ? 1 : undefined;
};

/** What a client may read of a fault: INTERNAL may carry anything its maker wrote, so only the fixed text goes out. */
export const publicFault = (fault: Fault): Fault => (fault.code === 'INTERNAL' ? new Fault('INTERNAL', PUBLIC_INTERNAL) : fault);

/** The error body of contract 1.3 and the headers that belong to it. */
export const renderFault = (fault: Fault, requestId: string): Answer => {
  const headers: Record<string, string> = {};
  const seconds = retryAfter(fault);
  if (seconds !== undefined) headers['retry-after'] = String(seconds);
  // Whoever sends that slowly would send the rest as slowly.
  if (fault.code === 'REQUEST_TIMEOUT') headers.connection = 'close';
  if (fault.code === 'UNAUTHORIZED') headers['www-authenticate'] = 'Bearer';
  const { code, message, details } = publicFault(fault);
  const error = { code, message, request_id: requestId, ...(details === undefined ? {} : { details }) };
  return { status: statusOf(code), headers, body: JSON.stringify({ error }) };
};

export const logFault = (log: Log, fault: Fault, fields: object): void => {
  const status = statusOf(fault.code);
  const entry = { ...fields, code: fault.code, status, internal: fault.internal, error: fault.cause };
  if (status === 500) log.error(entry, fault.message);
  else if (status > 500) log.warn(entry, fault.message);
  else log.debug(entry, fault.message);
};
