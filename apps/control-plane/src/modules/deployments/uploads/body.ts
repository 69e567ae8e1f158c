import type { Readable } from 'node:stream';
import { Fault } from '@miosa/kernel';

const endedEarly = (cause: unknown): Fault => new Fault('BAD_REQUEST', 'The body ended early.', { cause });

/**
 * A request body of at most so many bytes. Whoever stops reading it leaves it unread, so that the refusal can still be sent to its sender over the
 * same connection. @throws what `tooLong` makes, BAD_REQUEST when the sender hangs up.
 */
export async function* bodyOf(body: Readable, limitBytes: number, tooLong: () => Fault): AsyncGenerator<Buffer, void, undefined> {
  let seen = 0;
  const chunks = body.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => Promise.reject(endedEarly(error)));
      if (next.done === true) return;
      seen += next.value.length;
      if (seen > limitBytes) throw tooLong();
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}
