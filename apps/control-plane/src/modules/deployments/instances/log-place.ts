import { Fault, isId } from '@miosa/kernel';

/** How far the log of each instance was read, in the words of its machine's log. */
export type Places = Map<string, string>;

const MAX = 40;
const PLACE = /^[A-Za-z0-9_-]{0,4000}$/;

/** Everything a stream needs to go on, so that the server keeps nothing. */
export const idOf = (places: Places): string => [...places].map(([id, place]) => `${id}~${place}`).join('.');

/** Empty: a new stream. @throws BAD_REQUEST for what this server never gave. */
export const afterOf = (lastEventId: string | undefined): Places => {
  if (lastEventId === undefined || lastEventId === '') return new Map();
  const entries = lastEventId.split('.').map((entry) => entry.split('~'));
  const isGood =
    entries.length <= MAX &&
    entries.every(([id = '', place, more]) => isId('ins', id) && place !== undefined && PLACE.test(place) && more === undefined);
  if (!isGood) throw new Fault('BAD_REQUEST', 'Last-Event-ID is not a position in the log of a deployment.');
  return new Map(entries.map(([id = '', place = '']) => [id, place]));
};
