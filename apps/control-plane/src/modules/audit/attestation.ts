import { type Attestor, createAttestor } from './chain.ts';

// The one piece of state that belongs to the process and not to an object: `record` is called inside the transactions of every module,
// and handing the key to each of them would spread it over all their functions.
let attestor: Attestor | null = null;

/** From now on this process attests what it records. 32 bytes; the same for all control planes of an installation. */
export const attestWith = (key: Buffer): void => {
  attestor = createAttestor(key);
};

/** Null before `attestWith`: then entries carry no attestation and none is asked for. */
export const currentAttestor = (): Attestor | null => attestor;
