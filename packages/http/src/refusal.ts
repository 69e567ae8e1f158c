import { type Actor, type ErrorCode, Fault } from '@miosa/kernel';

export const CREDENTIAL_NEEDED = 'A valid credential is needed: Authorization: Bearer <API key or access token>.';

/**
 * Thrown by `authenticate` for a credential that is known but no longer, or not from here, good for anything. The caller reads what any
 * stranger reads; `actor` is for the audit log alone.
 */
export class RefusedCredential extends Fault {
  readonly actor: Actor;
  /** Why, for the audit log. */
  readonly reason: string;

  constructor(actor: Actor, reason: string, shown?: { readonly code: ErrorCode; readonly message: string }) {
    super(shown?.code ?? 'UNAUTHORIZED', shown?.message ?? CREDENTIAL_NEEDED, shown === undefined ? {} : { details: { reason } });
    this.actor = actor;
    this.reason = reason;
  }
}

/** A credential that was told no: by itself (401), or for this operation (403). */
export interface Refused {
  readonly actor: Actor;
  /** Operation id. */
  readonly action: string;
  readonly errorCode: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Null when the fault refuses nobody known. */
export const refusedBy = (fault: Fault, actor: Actor, action: string): Refused | null => {
  const { code: errorCode } = fault;
  if (fault instanceof RefusedCredential) return { actor: fault.actor, action, errorCode, details: { reason: fault.reason } };
  return errorCode === 'FORBIDDEN' && actor.type !== 'system' ? { actor, action, errorCode, details: fault.details ?? {} } : null;
};
