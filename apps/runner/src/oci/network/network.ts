import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { RunnerConfig } from '../../config.ts';
import { type AddressPlan, addressPlan, chooseShare, linkPrefix, preferredShare } from './addresses.ts';
import { loadFirewall, removeFirewall } from './firewall.ts';
import { upstreamResolver } from './resolver.ts';

const FORWARD = '/proc/sys/net/ipv4/ip_forward';

interface Saved {
  readonly share: number;
  /** Forwarding was off when we first came. */
  readonly forwardWasOff: boolean;
}

const save = (file: string, saved: Saved): Saved => {
  writeFileSync(file, JSON.stringify(saved));
  return saved;
};

/** Host interfaces' networks but ours; a /32 (or /31) is the address itself, which the input chain keeps. */
const hostNetworks = (instance: string): string[] =>
  Object.entries(networkInterfaces())
    .filter(([name]) => !name.startsWith(linkPrefix(instance)))
    .flatMap(([, addresses]) => addresses ?? [])
    .flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? [cidr] : []));

/**
 * Address share, firewall and forwarding of this host. Forwarding is switched on while we run and off again at a clean stop if it was off
 * before; a host with its own forward policy `drop` (Docker sets one) must accept our links itself.
 */
export const openNetwork = async (config: RunnerConfig, folder: string, keepShare: boolean) => {
  const file = join(folder, 'network.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Saved) : null;
  // Sandboxes that run keep their addresses, so the share can change only without any.
  const share =
    before !== null && keepShare
      ? before.share
      : chooseShare(config.addressPool, config.instance, before?.share ?? preferredShare(config.instance));
  const saved = save(file, { share, forwardWasOff: before?.forwardWasOff ?? readFileSync(FORWARD, 'utf8').trim() === '0' });
  const plan: AddressPlan = addressPlan(config.addressPool, config.instance, share);
  const resolver = config.resolver === '' ? upstreamResolver() : config.resolver;
  // The firewall stands before the first packet can be forwarded.
  await loadFirewall({
    instance: config.instance,
    addresses: `${plan.base}/${plan.prefix}`,
    hostNetworks: hostNetworks(config.instance),
    resolver,
  });
  writeFileSync(FORWARD, '1');
  return {
    plan,
    resolver,
    /** Host ends of pairs that exist now. */
    links: (): string[] => Object.keys(networkInterfaces()).filter((name) => name.startsWith(linkPrefix(config.instance))),
    close: async (): Promise<void> => {
      await removeFirewall(config.instance);
      if (saved.forwardWasOff) writeFileSync(FORWARD, '0');
      save(file, { share, forwardWasOff: false });
    },
  };
};
