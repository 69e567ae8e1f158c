/** The closed set of error codes of the wire contract. HTTP statuses belong to `@miosa/http`. */
export const ERROR_CODES = [
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'QUOTA_EXCEEDED',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'REQUEST_TIMEOUT',
  'CONFLICT',
  'SETUP_REQUIRED',
  'SLUG_TAKEN',
  'NAME_TAKEN',
  'SANDBOX_NOT_RUNNING',
  'IN_USE',
  'TASK_RUNNING',
  'NOT_EMPTY',
  'SNAPSHOT_NOT_READY',
  'VERSION_NOT_READY',
  'ALREADY_ACCEPTED',
  'LAST_OWNER',
  'IDEMPOTENCY_IN_PROGRESS',
  'GONE',
  'PRECONDITION_FAILED',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RANGE_NOT_SATISFIABLE',
  'MISDIRECTED_REQUEST',
  'VALIDATION_ERROR',
  'IDEMPOTENCY_KEY_REUSED',
  'OWNERSHIP_CONFLICT',
  'IMMUTABLE_FIELD',
  'EMAIL_MISMATCH',
  'RATE_LIMITED',
  'INTERNAL',
  'UPSTREAM_UNREACHABLE',
  'UNAVAILABLE',
  'TIMEOUT',
  'STORAGE_FULL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface FaultOptions {
  readonly details?: Record<string, unknown>;
  /** For logs only; never rendered to a client. */
  readonly internal?: string;
  readonly cause?: unknown;
  /** When the same call may work: whole seconds from now. */
  readonly retryAfterSeconds?: number;
}

/** A failure with a public text (`message`) and, in another field, an internal one that cannot reach a client. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly internal: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.details = options.details;
    this.internal = options.internal;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The one answer for "absent" and "not yours": identical body in both cases (ARCHITECTURE invariant 3). */
export const notFound = (): Fault => new Fault('NOT_FOUND', 'There is no such resource, or this credential cannot see it.');

export const invalid = (path: string, message: string): Fault =>
  new Fault('VALIDATION_ERROR', `${path}: ${message}`, { details: { fields: [{ path, message }] } });
