import type { Actor, Effect, Log, Op, Role } from '@miosa/kernel';

export const ANONYMOUS: Actor = { type: 'system', id: 'anonymous', name: 'anonymous', tenantId: null };
/** The caller on the internal socket: who may open it is decided by the socket's folder. */
export const INTERNAL: Actor = { type: 'system', id: 'internal', name: 'platform', tenantId: null };

const now = (): Date => new Date();

/** Puts the request id on every line a handler logs. */
class RequestLog implements Log {
  readonly #log: Log;
  readonly #requestId: string;

  constructor(log: Log, requestId: string) {
    this.#log = log;
    this.#requestId = requestId;
  }
  debug(fields: object, message: string): void {
    this.#log.debug({ requestId: this.#requestId, ...fields }, message);
  }
  info(fields: object, message: string): void {
    this.#log.info({ requestId: this.#requestId, ...fields }, message);
  }
  warn(fields: object, message: string): void {
    this.#log.warn({ requestId: this.#requestId, ...fields }, message);
  }
  error(fields: object, message: string): void {
    this.#log.error({ requestId: this.#requestId, ...fields }, message);
  }
}

/** The `Op` of one request. The abort controller is made when first asked for: most handlers never do. */
export class RequestOp implements Op {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly log: Log;
  readonly now = now;
  actor: Actor = ANONYMOUS;
  leastRole: Role = 'viewer';
  effect: Effect | undefined;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(requestId: string, ip: string | null, userAgent: string | null, log: Log) {
    this.requestId = requestId;
    this.ip = ip;
    this.userAgent = userAgent;
    this.log = new RequestLog(log, requestId);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
