import { Fault, isId } from '@miosa/kernel';

/** How far each stream of a process was read, in bytes of its output: a line may be unfinished on one and not on the other. */
export interface Offsets {
  readonly stdout: number;
  readonly stderr: number;
}
export type Positions = Map<string, Offsets>;

export const BEGINNING: Offsets = { stdout: 0, stderr: 0 };
const MAX_PROCESSES = 100;
const PREFIX = 'prc_';

/** Everything a stream of lines needs to go on, so that the server keeps nothing. */
export const idOf = (positions: Positions): string =>
  Buffer.from(
    [...positions].map(([id, { stdout, stderr }]) => `${id.slice(PREFIX.length)}:${stdout.toString(36)}:${stderr.toString(36)}`).join(','),
  ).toString('base64url');

const OFFSET = /^[0-9a-z]{1,10}$/;

/** Undefined: a new stream. Throws BAD_REQUEST for what this server never gave. */
export const positionsOf = (lastEventId: string | undefined): Positions | undefined => {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  const entries = Buffer.from(lastEventId, 'base64url')
    .toString()
    .split(',')
    .map((entry) => entry.split(':'));
  const isGood = entries.every(
    ([id = '', ...offsets]) => isId('prc', PREFIX + id) && offsets.length === 2 && offsets.every((o) => OFFSET.test(o)),
  );
  if (!isGood || entries.length > MAX_PROCESSES) throw new Fault('BAD_REQUEST', 'Last-Event-ID is not a position in the log of a sandbox.');
  return new Map(
    entries.map(([id = '', stdout = '', stderr = '']) => [PREFIX + id, { stdout: parseInt(stdout, 36), stderr: parseInt(stderr, 36) }]),
  );
};
