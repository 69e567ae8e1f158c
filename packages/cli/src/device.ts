import { setTimeout as sleep } from 'node:timers/promises';
import { type DeviceCodes, GoneError, type Miosa, MiosaError } from '@miosa/sdk';
import { type Context, clientFor } from './context.ts';
import { UserError } from './failure.ts';
import { clientName } from './kept.ts';
import { printable } from './output.ts';

const expired = (): UserError => new UserError('The code has expired or was used. Start again with "miosa login --device".');

/** Not approved yet, or a disturbance that passes. */
const goesOn = (error: unknown): boolean =>
  error instanceof MiosaError && (error.retryable || error.details?.reason === 'authorization_pending');

const poll = async ({ auth }: Miosa, { deviceCode, interval, expiresIn }: DeviceCodes, signal: AbortSignal): Promise<string> => {
  const until = Date.now() + expiresIn * 1000;
  while (Date.now() < until) {
    await sleep(interval * 1000, undefined, { signal });
    try {
      // Each round is a try of its own; only a lost answer is asked for again, with the same idempotency key, or the key in it would be lost.
      return (await auth.cli.token({ deviceCode }, { signal })).apiKey;
    } catch (error) {
      if (error instanceof GoneError) throw expired();
      if (!goesOn(error)) throw error;
    }
  }
  throw expired();
};

/** Approved in a browser, on this machine or another one: for where no password should be typed. Answers the key. */
export const keyByDevice = async ({ io, options, saved }: Context<object>): Promise<string> => {
  const miosa = clientFor(io, options, saved, 'none');
  const codes = await miosa.auth.cli.start({ clientName: clientName() });
  // Also with --quiet: without the code nobody can go on.
  io.err(`Open   ${printable(codes.verificationUriComplete)}\n`);
  io.err(`Code   ${printable(codes.userCode)}   (must be the same there; good for ${Math.round(codes.expiresIn / 60)} minutes)\n`);
  const stopping = new AbortController();
  const release = io.onInterrupt(() => stopping.abort());
  try {
    return await poll(miosa, codes, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) throw new UserError('Stopped: you are not logged in, and the code can be left alone.');
    throw error;
  } finally {
    release();
  }
};
