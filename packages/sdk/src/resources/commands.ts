import type { Transport } from '../transport.ts';
import { type Command, type ExecEvent, type ExecOptions, type ExecResult, execApi } from './exec.ts';

export interface RunOptions extends Omit<ExecOptions, 'timeout'> {
  /** Seconds, up to a day; default 60. */
  readonly timeout?: number;
  /** Called with output as it comes; one that returns a promise is waited for, and slows the command down. */
  readonly onStdout?: (text: string) => unknown;
  readonly onStderr?: (text: string) => unknown;
}

/** As for a blocking exec (contract 4.2): characters kept of each stream. */
const KEPT = 4 * 1024 * 1024;

/** Text of a stream; what is no UTF-8 is replaced, a character cut in two is joined. */
const collector = (listener: ((text: string) => unknown) | undefined) => {
  const decoder = new TextDecoder();
  const state = { text: '', truncated: false };
  const take = async (text: string): Promise<void> => {
    const room = KEPT - state.text.length;
    state.truncated ||= text.length > room;
    state.text += text.slice(0, room);
    if (text !== '') await listener?.(text);
  };
  return {
    state,
    add: (event: Extract<ExecEvent, { readonly data: string }>): Promise<void> => {
      if (event.encoding === 'utf8') return take(decoder.decode(new TextEncoder().encode(event.data), { stream: true }));
      return take(
        decoder.decode(
          Uint8Array.from(atob(event.data), (character) => character.charCodeAt(0)),
          { stream: true },
        ),
      );
    },
    end: (): Promise<void> => take(decoder.decode()),
  };
};

export const commandsApi = (t: Transport) => {
  const { stream } = execApi(t);
  return {
    /** Runs a command to its end and tells its output as it comes; goes on over lost connections. A non-zero exit code is a result. */
    run: async (id: string, command: Command, options: RunOptions = {}): Promise<ExecResult> => {
      const { onStdout, onStderr, ...rest } = options;
      const streams = { stdout: collector(onStdout), stderr: collector(onStderr) };
      let processId = '';
      for await (const event of stream(id, command, rest)) {
        if (event.type === 'started') processId = event.processId;
        else if (event.type !== 'exit') await streams[event.type].add(event);
        else {
          await streams.stdout.end();
          await streams.stderr.end();
          const { exitCode, signal, durationMs, timedOut } = event;
          const [stdout, stderr] = [streams.stdout.state, streams.stderr.state];
          const truncated = stdout.truncated || stderr.truncated;
          const texts = { stdout: stdout.text, stderr: stderr.text };
          return { ...texts, exitCode: exitCode ?? 137, signal, durationMs, timedOut, truncated, processId };
        }
      }
      throw new Error('unreachable: the stream ends with an exit or an error');
    },
  };
};
