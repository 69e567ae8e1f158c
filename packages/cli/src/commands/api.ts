import { type Context, leaf, pairs } from '../context.ts';
import { UserError } from '../failure.ts';
import { readAll } from '../io.ts';
import type { Register } from '../run.ts';

interface ApiOptions {
  readonly method?: string;
  readonly data?: string;
  readonly query?: Record<string, string>;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const api = async ({ miosa, options, io }: Context<ApiOptions>, path: string): Promise<undefined> => {
  const method = METHODS.find((one) => one === options.method?.toUpperCase());
  if (options.method !== undefined && method === undefined) throw new UserError(`-X: ${options.method} is none of ${METHODS.join(', ')}.`);
  const body = options.data === '-' ? (await readAll(io.stdin)).toString('utf8') : options.data;
  const below = path.replace(/^\/?api\/v1(?=\/|$)/, '') || '/';
  const answer = await miosa.request(below, {
    ...(method === undefined ? {} : { method }),
    ...(body === undefined ? {} : { body }),
    ...(options.query === undefined ? {} : { query: options.query }),
  });
  io.out(typeof answer === 'string' ? answer : `${JSON.stringify(answer, null, 2)}\n`);
};

/** Any route, for what has no command of its own yet. */
export const apiCommand: Register = (parent, io, setExitCode) => {
  const command = parent
    .command('api <path>')
    .description('call any route, e.g. miosa api /sandboxes -Q state=running')
    .option('-X, --method <method>', 'default GET, or POST with a body')
    .option('-d, --data <json>', 'request body; "-" reads standard input')
    .option('-Q, --query <NAME=VALUE>', 'query parameter, repeatable', pairs);
  leaf(command, io, setExitCode, api);
};
