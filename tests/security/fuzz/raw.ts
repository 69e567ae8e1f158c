import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Header values as bytes, one character each: what no HTTP client would send. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

const read = (bytes: Buffer): RawAnswer => {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const pairs = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { status: Number(first.split(' ')[1]), headers: new Map(pairs), text: bytes.subarray(end + 4).toString('utf8') };
};

/** One request on a connection of its own. Status 0: the connection was cut without an answer. */
export const sendRaw = (socketPath: string, { method = 'GET', path, headers = [], body = '' }: RawRequest): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const chunks: Buffer[] = [];
    const lines = [
      `${method} ${path} HTTP/1.1`,
      'host: api.miosa.localhost',
      'connection: close',
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
    ];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(read(Buffer.concat(chunks))) : reject(error),
    );
    socket.once('close', () => resolve(read(Buffer.concat(chunks))));
    socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]));
  });

const INTERNALS =
  /\bat [\w.<>]+ \(|\.ts:\d+|node_modules|node:internal|\bselect\b.*\bfrom\b|\binsert into\b|syntax error|invalid input syntax|invalid byte sequence|violates|relation "|ECONNREFUSED|\/tmp\/|-----BEGIN/i;

/** Why an answer to hostile input is not harmless, or null. */
export const harm = ({ status, headers, text }: RawAnswer): string | null => {
  if (Number.isNaN(status)) return 'no answer';
  if (status >= 500) return `${status} ${text}`;
  if (INTERNALS.test(text)) return `internals in the answer: ${text}`;
  // What is no HTTP at all is refused by the parser, before there is a request.
  if (status < 400 || text === '') return null;
  const { error } = JSON.parse(text) as { readonly error?: { readonly code?: string; readonly request_id?: string } };
  if (error?.code === undefined) return `an error without a code: ${text}`;
  return error.request_id === headers.get('x-request-id') ? null : `request ids differ: ${text}`;
};
