import { appendFileSync } from 'node:fs';
import { type Miosa, MiosaError, type Sandbox } from '@miosa/sdk';

export type Tier = 'container' | 'gvisor';

/** Null where the host cannot start sandboxes of that tier; the reason is printed. */
export const sandboxOf = async (
  miosa: Miosa,
  isolation: Tier,
  more: Parameters<Miosa['sandboxes']['create']>[0] = {},
): Promise<Sandbox | null> => {
  try {
    return await miosa.sandboxes.create({ ...more, isolation });
  } catch (error) {
    if (isolation === 'container' || !(error instanceof MiosaError) || error.status !== 422) throw error;
    console.log(`SKIPPED for ${isolation}: ${error.message}`);
    return null;
  }
};

/** Counts what was tried; the sum over all of them is a line of `./miosa test`, which names the file to leave it in. */
export const ledger = (suite: string, tier: Tier) => {
  let tried = 0;
  return {
    tried: (count = 1): void => {
      tried += count;
    },
    close: (): void => {
      const { MIOSA_ATTEMPTS_FILE: file } = process.env;
      console.log(`ESCAPES ${suite}, ${tier}: ${tried} attempts`);
      if (file !== undefined) appendFileSync(file, `${JSON.stringify({ suite, tier, tried })}\n`);
    },
  };
};
