import { Fault, invalid } from '@miosa/kernel';
import type { Isolation, RuntimeCapabilities } from '@miosa/runtime';
import type { SandboxPolicy } from '../policy.ts';

/** From the weaker to the stronger. */
const TIERS: readonly Isolation[] = ['container', 'gvisor', 'microvm'];

const strongest = (...tiers: readonly Isolation[]): Isolation => TIERS.findLast((tier) => tiers.includes(tier)) ?? 'container';

/** The tier of a new sandbox: as asked, else as its original's; never below what the operator demands. */
export const isolationOf = (
  policy: SandboxPolicy,
  { tiers }: Pick<RuntimeCapabilities, 'tiers'>,
  asked: Isolation | undefined,
  inherited: Isolation | null = null,
): Isolation => {
  const demanded = policy.isolation;
  if (asked !== undefined && strongest(asked, demanded) !== asked)
    throw invalid('isolation', `this installation isolates by ${demanded} at least`);
  const chosen = asked ?? strongest(demanded, inherited ?? 'container');
  if (tiers.includes(chosen)) return chosen;
  if (asked !== undefined) throw invalid('isolation', `this host cannot isolate by ${asked}; it offers ${tiers.join(', ')}`);
  throw new Fault('UNAVAILABLE', `This sandbox needs isolation by ${chosen}, which this host cannot start. Tell the operator.`, {
    details: { reason: 'isolation', offered: tiers },
  });
};
