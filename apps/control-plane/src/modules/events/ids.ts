import { Fault, isId } from '@miosa/kernel';

/** A stream can be resumed this far back (contract 1.9); the list goes back 30 days. */
export const REPLAY_MS = 24 * 3600_000;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;

/** Unix milliseconds at which the event was put in order. */
export const timeOfEvent = (id: string): number =>
  [...id.slice(4, 4 + TIME_CHARACTERS)].reduce((ms, character) => ms * 32 + ALPHABET.indexOf(character), 0);

/**
 * Where a stream goes on. `newest` is the last event of all: whoever has seen that one has missed nothing, however old it is.
 * Throws BAD_REQUEST for what is no id, GONE for one that is too old.
 */
export const resumeFrom = (lastEventId: string | undefined, newest: string, nowMs: number): string => {
  if (lastEventId === undefined || lastEventId === '') return newest;
  if (!isId('evt', lastEventId)) throw new Fault('BAD_REQUEST', 'Last-Event-ID is not the id of an event.');
  if (lastEventId < newest && timeOfEvent(lastEventId) < nowMs - REPLAY_MS) {
    throw new Fault('GONE', 'Events are replayed for 24 hours; this one is older. Read the list of events, then begin anew.', {
      details: { reason: 'event_too_old' },
    });
  }
  return lastEventId;
};
