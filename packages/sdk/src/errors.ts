export interface ErrorFields {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The API's code, e.g. `NOT_FOUND`, or one of the SDK's own: `CONNECTION_LOST`, `CLIENT_TIMEOUT`, `BAD_CONFIGURATION`, `BAD_RESPONSE`. */
  readonly code: string;
  readonly message: string;
  readonly requestId?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** From `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Conflicts that end by themselves (contract 1.3). */
const PASSING_CONFLICTS: ReadonlySet<string> = new Set([
  'IDEMPOTENCY_IN_PROGRESS',
  'SNAPSHOT_NOT_READY',
  'VERSION_NOT_READY',
  'VERSION_NOT_READY',
  'TASK_RUNNING',
]);
const RETRYABLE_WITHOUT_ANSWER: ReadonlySet<string> = new Set(['CONNECTION_LOST', 'CLIENT_TIMEOUT']);

/** Base of every error the SDK throws (an aborted call rejects with the reason of its signal instead). */
export class MiosaError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** The same call may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.name;
    this.status = fields.status;
    this.code = fields.code;
    this.requestId = fields.requestId;
    this.details = fields.details;
    this.retryAfterMs = fields.retryAfterMs;
    this.retryable = RETRYABLE_STATUS.has(fields.status) || PASSING_CONFLICTS.has(fields.code) || RETRYABLE_WITHOUT_ANSWER.has(fields.code);
  }
}

/** Wrong options given to the SDK; thrown before any request. */
export class ConfigurationError extends MiosaError {
  constructor(message: string) {
    super({ status: 0, code: 'BAD_CONFIGURATION', message });
  }
}
/** No answer: refused, reset, unresolvable, untrusted certificate, or too slow. */
export class ConnectionError extends MiosaError {}
/** 400 and the other 4xx without a class of their own (405, 406, 412, 413, 415, 416, 421 …). */
export class RequestError extends MiosaError {}
/** 401: the credential is missing, wrong, expired or revoked. */
export class AuthenticationError extends MiosaError {}
/** 402: credits or budget are used up. */
export class PaymentRequiredError extends MiosaError {}
/** 403: role, scope or quota. */
export class PermissionError extends MiosaError {}
/** 404: absent, or not visible to this credential. */
export class NotFoundError extends MiosaError {}
/** 409: the state does not allow it now. */
export class ConflictError extends MiosaError {}
/** 410: it existed and is gone for good. */
export class GoneError extends MiosaError {}
/** 422: `details.fields` names what is wrong. */
export class ValidationError extends MiosaError {}
/** 429: too many requests, and the automatic retries did not suffice. */
export class RateLimitError extends MiosaError {}
/** 5xx: not the caller's fault. */
export class ServerError extends MiosaError {}

const CLASSES: Readonly<Record<number, typeof MiosaError>> = {
  401: AuthenticationError,
  402: PaymentRequiredError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  410: GoneError,
  422: ValidationError,
  429: RateLimitError,
};

export const errorOf = (fields: ErrorFields): MiosaError => {
  const Class = CLASSES[fields.status] ?? (fields.status >= 500 ? ServerError : fields.status === 0 ? MiosaError : RequestError);
  return new Class(fields);
};

interface WireError {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly request_id?: string;
    readonly details?: Record<string, unknown>;
  };
}

/** An error answer as an error object; bodies that are not ours (a proxy's HTML) give a general message without their text. */
export const errorOfAnswer = (status: number, text: string, requestId: string | null, retryAfterMs: number | undefined): MiosaError => {
  let wire: WireError['error'];
  try {
    wire = (JSON.parse(text) as WireError | null)?.error;
  } catch {
    wire = undefined;
  }
  return errorOf({
    status,
    code: wire?.code ?? 'BAD_RESPONSE',
    message: wire?.message ?? `The server answered ${status} without an explanation. Is the base URL a MIOSA API?`,
    requestId: wire?.request_id ?? requestId ?? undefined,
    details: wire?.details,
    retryAfterMs,
  });
};
