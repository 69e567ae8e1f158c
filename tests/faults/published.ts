import type { Deployment, UploadFile } from '@miosa/sdk';
import type { TestPlatform } from '../harness/platform.ts';
import { visitPlain } from './visit.ts';

/** Files of a site from memory. */
export const filesOf = (contents: Readonly<Record<string, string>>): UploadFile[] =>
  Object.entries(contents).map(([path, text]) => ({ path, read: async () => new TextEncoder().encode(text) }));

/** Two files that must always be of one version: the page names its own style sheet. */
export const siteOf = (title: string): UploadFile[] =>
  filesOf({ 'index.html': `<h1>${title}</h1>`, 'style.css': `/* ${title} */`, 'same.txt': 'always the same' });

/**
 * An app of one file: its first argument is what it answers, the second what is wrong with it. `/die` ends its process, `/eat` takes memory
 * until there is none.
 */
export const SERVER = `
const http = require('node:http');
const [, , text, wrong] = process.argv;
if (wrong === 'crash') { console.error('no such database'); process.exit(7); }
if (wrong === 'idle') setInterval(() => {}, 1000);
else http.createServer((req, res) => {
  if (req.url === '/die') process.exit(7);
  if (req.url === '/eat') { const kept = []; setInterval(() => kept.push(Buffer.alloc(64 << 20, 1)), 10); return; }
  if (wrong === 'sick') res.statusCode = 500;
  res.end(text);
}).listen(process.env.PORT);`;

/** Its address by plain HTTP on the platform's own port. */
export const addressOf = ({ httpPort }: TestPlatform, { publicUrl }: Pick<Deployment, 'publicUrl'>): string =>
  `http://${new URL(publicUrl).hostname}:${httpPort}`;

export interface Seen {
  readonly status: number;
  readonly body: string;
}

export const seeOf = async (platform: TestPlatform, deployment: Pick<Deployment, 'publicUrl'>, path = '/'): Promise<Seen> =>
  visitPlain(`${addressOf(platform, deployment)}${path}`, { accept: 'application/json' });

export interface Visitor {
  /** Everything seen so far, without repetitions in a row. */
  seen(): string[];
  stop(): Promise<string[]>;
}

/** Someone who asks for the first page again and again. An answer that is not 200 is seen as `<status> <body>`. */
export const startVisitor = (platform: TestPlatform, deployment: Pick<Deployment, 'publicUrl'>, everyMs = 10): Visitor => {
  const seen: string[] = [];
  let isStopped = false;
  const walk = (async () => {
    while (!isStopped) {
      const found = await seeOf(platform, deployment).then(
        ({ status, body }) => (status === 200 ? body : `${status} ${body}`),
        (error: NodeJS.ErrnoException) => `no answer: ${error.code ?? error.message}`,
      );
      if (seen.at(-1) !== found) seen.push(found);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    seen: () => [...seen],
    stop: async () => {
      isStopped = true;
      await walk;
      return seen;
    },
  };
};
