import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { nonsense } from './faults.ts';

/** The agent's chunks are far smaller; a line without end must not fill our memory. */
const LINE_MAX = 1024 * 1024;

/** Non-empty lines of a stream. Leaving the loop destroys the stream, which for the agent is a hang-up. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest += decoder.write(chunk);
    let start = 0;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
      if (end > start) yield rest.slice(start, end);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > LINE_MAX) throw nonsense('a line of the agent is too long');
  }
}
