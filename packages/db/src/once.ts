import type { Op } from '@miosa/kernel';
import type { Tx } from './database.ts';

type Request = Pick<Op, 'effect'>;

/** What the effect gave in an earlier run of this request whose process died before it answered. */
export const earlierEffect = <T>({ effect }: Request, name: string): T | undefined => effect?.earlier(name) as T | undefined;

/** Keeps what the effect gave, in its own transaction: both are there after a crash, or neither. A plain value: no functions, no instances. */
export const keepEffect = async <T>(tx: Tx, { effect }: Request, name: string, result: T): Promise<T> => {
  await effect?.keep(tx, name, result);
  return result;
};

/**
 * The whole of a POST that makes a row, checks included, whose effect is one transaction (contract 1.4, "across a crash between effect and
 * answer"). `run` calls `keep` last in that transaction; a repeat after a crash is given what was kept, and nothing is checked or made again. At
 * most one a request.
 */
export const once = async <T>(op: Request, name: string, run: (keep: (tx: Tx, result: T) => Promise<T>) => Promise<T>): Promise<T> =>
  earlierEffect<T>(op, name) ?? run((tx, result) => keepEffect(tx, op, name, result));
