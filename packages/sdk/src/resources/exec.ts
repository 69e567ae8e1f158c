import { ConnectionError, MiosaError } from '../errors.ts';
import { openEvents } from '../eventStream.ts';
import { backoffMs, sleep } from '../retry.ts';
import type { Call, CallOptions, Transport } from '../transport.ts';
import { path } from '../url.ts';
import type { Body, Data } from '../wire.ts';

export type ExecResult = Data<'sandboxes.exec'>;
export type Command = Body<'sandboxes.exec'>['command'];
export type ExecOptions = Omit<Body<'sandboxes.exec'>, 'command'> & CallOptions;

/** What a command does, as it does it. `data` is text, or base64 where the bytes are not UTF-8. */
export type ExecEvent =
  | { readonly type: 'started'; readonly processId: string; readonly pid: number }
  | { readonly type: 'stdout' | 'stderr'; readonly data: string; readonly offset: number; readonly encoding: 'utf8' | 'base64' }
  | {
      readonly type: 'exit';
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly durationMs: number;
      readonly timedOut: boolean;
    };

/** Splits what is meant for the command from what is meant for the call. */
export const splitOptions = <T extends CallOptions>(options: T): { call: CallOptions; rest: Omit<T, keyof CallOptions> } => {
  const { signal, timeoutMs, maxRetries, idempotencyKey, ...rest } = options;
  return { call: { signal, timeoutMs, maxRetries, idempotencyKey }, rest };
};

const dropped = (cause?: unknown): ConnectionError =>
  new ConnectionError({
    status: 0,
    code: 'CONNECTION_LOST',
    message: 'The stream broke off before the command ended; it goes on running.',
    cause,
  });

const bytesOf = (event: { data: string; encoding: string }): number =>
  event.encoding === 'base64'
    ? Math.floor((event.data.replace(/=+$/, '').length * 3) / 4)
    : new TextEncoder().encode(event.data).byteLength;

/**
 * The events of a process over as many connections as it takes: after a break it goes on at the byte where it stopped, so that nothing is lost or
 * repeated. Leaving the loop closes the connection; the process goes on.
 */
export async function* follow(
  t: Transport,
  first: Call,
  resume: (processId: string, offset: number) => Call,
  known?: { id: string; offset: number },
): AsyncGenerator<ExecEvent> {
  const maxRetries = first.options?.maxRetries ?? t.maxRetries;
  let processId = known?.id;
  let offset = known?.offset ?? 0;
  let started = false;
  for (let call = first, failures = 0; ; ) {
    let problem: unknown;
    try {
      for await (const event of await openEvents<ExecEvent>(t, call)) {
        failures = 0;
        if (event.type === 'started') {
          processId = event.processId;
          if (started) continue;
          started = true;
        } else if (event.type !== 'exit') {
          offset = event.offset + bytesOf(event);
        }
        yield event;
        if (event.type === 'exit') return;
      }
      problem = dropped();
    } catch (error) {
      problem = error;
    }
    first.options?.signal?.throwIfAborted();
    if (processId === undefined || failures >= maxRetries || (problem instanceof MiosaError && !problem.retryable))
      throw problem instanceof MiosaError ? problem : dropped(problem);
    await sleep(backoffMs(failures++), first.options?.signal);
    call = resume(processId, offset);
  }
}

const resumeCall =
  (id: string, options: CallOptions) =>
  (processId: string, offset: number): Call => ({
    method: 'GET',
    path: path`/sandboxes/${id}/processes/${processId}/stream`,
    query: { offset },
    options,
  });

export const execApi = (t: Transport) => {
  /** Runs a command to its end. A string is run by `/bin/sh -lc`, an array as it is. A non-zero exit code is a result, not an error. */
  const exec = (id: string, command: Command, options: ExecOptions = {}): Promise<ExecResult> => {
    const { call, rest } = splitOptions(options);
    const serverTimeMs = (rest.timeout ?? 60) * 1000;
    return t.data({ method: 'POST', path: path`/sandboxes/${id}/exec`, body: { ...rest, command }, options: call, serverTimeMs });
  };
  /** Runs a command and yields its output as it comes. Resumes by itself after a lost connection. */
  const stream = (id: string, command: Command, options: ExecOptions = {}): AsyncGenerator<ExecEvent> => {
    const { call, rest } = splitOptions(options);
    const first: Call = {
      method: 'POST',
      path: path`/sandboxes/${id}/exec/stream`,
      body: { ...rest, command },
      options: call,
      repeatable: false,
    };
    return follow(t, first, resumeCall(id, call));
  };
  return Object.assign(exec, { stream });
};

/** The output of a running or ended process from a byte offset on. */
export const processStream = (
  t: Transport,
  id: string,
  processId: string,
  options: CallOptions & { readonly offset?: number } = {},
): AsyncGenerator<ExecEvent> => {
  const { call } = splitOptions(options);
  const offset = options.offset ?? 0;
  const resume = resumeCall(id, call);
  return follow(t, resume(processId, offset), resume, { id: processId, offset });
};
