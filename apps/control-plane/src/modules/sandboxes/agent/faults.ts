import { type ErrorCode, Fault } from '@miosa/kernel';
import type { SandboxRow } from '../types.ts';

/** The codes a sandbox may answer with. Its agent is inside the customer's machine, so it must not be able to fake, say, UNAUTHORIZED. */
const FROM_AGENT: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'VALIDATION_ERROR',
  'NOT_FOUND',
  'FORBIDDEN',
  'CONFLICT',
  'NOT_EMPTY',
  'GONE',
  'PRECONDITION_FAILED',
  'PAYLOAD_TOO_LARGE',
  'RANGE_NOT_SATISFIABLE',
  'STORAGE_FULL',
  'UPSTREAM_UNREACHABLE',
  'UNAVAILABLE',
  'TIMEOUT',
]);

const MESSAGE_MAX = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An error answer of the agent as ours. */
export const faultOfAnswer = (status: number, text: string): Fault => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  if (!isRecord(body) || typeof body.code !== 'string' || !FROM_AGENT.has(body.code))
    return nonsense(`status ${status}: ${text.slice(0, 200)}`);
  if (body.code === 'NOT_FOUND' && body.message === NO_ROUTE) return tooOld();
  const message = typeof body.message === 'string' ? body.message.replace(CONTROL, ' ').slice(0, MESSAGE_MAX) : 'The sandbox refused this.';
  return new Fault(body.code as ErrorCode, message, isRecord(body.details) ? { details: body.details } : {});
};

/** What the agent says of a path that none of its routes has. */
const NO_ROUTE = 'There is no such route.';

/** A sandbox keeps the agent it was started with; one from before an upgrade may lack what the control plane now asks for. */
const tooOld = (): Fault =>
  new Fault(
    'UPSTREAM_UNREACHABLE',
    'The agent of this sandbox is older than the platform and cannot do this. A sandbox started anew has the new one.',
    {
      details: { reason: 'agent_too_old' },
    },
  );

export const nonsense = (internal: string): Fault =>
  new Fault('UPSTREAM_UNREACHABLE', 'The agent inside the sandbox gave an answer that cannot be understood. Try again.', { internal });

export const unreachable = (cause: unknown): Fault =>
  new Fault('UPSTREAM_UNREACHABLE', 'The agent inside the sandbox could not be reached. Try again in a moment.', {
    cause,
    internal: cause instanceof Error ? cause.message : String(cause),
  });

/** Why a connection was cut from our side. */
export class ConnectionsClosed extends Error {
  constructor() {
    super('connections of the sandbox were closed');
    this.name = 'ConnectionsClosed';
  }
}

/** What a caller is told whose request was cut because the sandbox stopped running under it. */
export const interrupted = (row: Pick<SandboxRow, 'state' | 'state_reason' | 'ended_reason'> | undefined): Fault => {
  if (row === undefined || row.state === 'destroyed') {
    return new Fault('GONE', 'The sandbox was destroyed while this ran.', { details: { ended_reason: row?.ended_reason ?? null } });
  }
  return new Fault('SANDBOX_NOT_RUNNING', 'The sandbox stopped running while this ran. A frozen process goes on when it is resumed.', {
    details: { state: row.state, state_reason: row.state_reason },
  });
};
