import { execFile } from 'node:child_process';

export interface CurlAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read wire bodies.
  readonly body: any;
}

/** A command line as printed in a document: words, with single and double quotes. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare ?? '');

const read = (output: string): CurlAnswer => {
  const blocks = output.split('\r\n\r\n');
  let last = 0;
  // Interim answers and followed redirects come first, with headers of their own.
  while (/^HTTP\/\S+ [13]\d\d/.test(blocks[last] ?? '') && blocks[last + 1]?.startsWith('HTTP/') === true) last += 1;
  const [first = '', ...lines] = (blocks[last] ?? '').split('\r\n');
  const text = blocks.slice(last + 1).join('\r\n\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  return { status: Number(first.split(' ')[1]), headers, text, body: isJson ? JSON.parse(text) : undefined };
};

export type Curl = (command: string, replacements?: Readonly<Record<string, string>>) => Promise<CurlAnswer>;

/**
 * Runs a printed `curl` command as it stands; only the placeholders for credentials and ids are replaced. All names lead to the platform
 * under test, whose certificates are good for them.
 */
export const createCurl =
  ({ httpsPort, ca }: { readonly httpsPort: number; readonly ca: string }): Curl =>
  (command, replacements = {}) => {
    const [program = '', ...words] = wordsOf(command);
    const longestFirst = Object.entries(replacements).sort(([a], [b]) => b.length - a.length);
    const replaced = words.map((word) => longestFirst.reduce((text, [from, to]) => text.replaceAll(from, to), word));
    const args = [
      '--silent',
      '--show-error',
      '--include',
      '--max-time',
      '60',
      '--cacert',
      ca,
      '--connect-to',
      `::127.0.0.1:${httpsPort}`,
      ...replaced,
    ];
    return new Promise((resolve, reject) => {
      execFile(program, args, { maxBuffer: 16 << 20 }, (error, stdout) => (error === null ? resolve(read(stdout)) : reject(error)));
    });
  };
