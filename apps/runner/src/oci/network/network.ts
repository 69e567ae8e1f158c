import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import type { RunnerConfig } from '../../config.ts';
import { command } from '../command.ts';
import { type AddressPlan, addressPlan, chooseShare, linkPrefix, preferredShare } from './addresses.ts';
import { firewallRules, keepFirewall } from './firewall.ts';
import { upstreamResolver } from './resolver.ts';

const FORWARD = '/proc/sys/net/ipv4/ip_forward';

/** On a file system that, like the setting itself, a restart of the host clears: forwarding was off before the first installation came. */
const FORWARD_WAS_OFF = '/run/miosa-forward-was-off';

interface Saved {
  readonly share: number;
}

const switchForwardingOn = (): void => {
  if (readFileSync(FORWARD, 'utf8').trim() !== '0') return;
  writeFileSync(FORWARD_WAS_OFF, '');
  writeFileSync(FORWARD, '1');
};

/** Only the last installation to leave may switch it off. */
const restoreForwarding = async (): Promise<void> => {
  if (!existsSync(FORWARD_WAS_OFF) || (await command('nft', 'list', 'tables')).includes('inet miosa_')) return;
  writeFileSync(FORWARD, '0');
  rmSync(FORWARD_WAS_OFF);
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
export const openNetwork = async (config: RunnerConfig, folder: string, keepShare: boolean, log: Log) => {
  const file = join(folder, 'network.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Saved) : null;
  // Sandboxes that run keep their addresses, so the share can change only without any.
  const share =
    before !== null && keepShare
      ? before.share
      : chooseShare(config.addressPool, config.instance, before?.share ?? preferredShare(config.instance));
  writeFileSync(file, JSON.stringify({ share } satisfies Saved));
  const plan: AddressPlan = addressPlan(config.addressPool, config.instance, share);
  // The firewall stands before the first packet can be forwarded, and is put back when the host's administration flushes it.
  const firewall = await keepFirewall({
    log,
    instance: config.instance,
    rules: () =>
      firewallRules({
        instance: config.instance,
        addresses: `${plan.base}/${plan.prefix}`,
        hostNetworks: hostNetworks(config.instance),
        resolver: config.resolver === '' ? upstreamResolver() : config.resolver,
      }),
  });
  switchForwardingOn();
  return {
    plan,
    /** Host ends of pairs that exist now. */
    links: (): string[] => Object.keys(networkInterfaces()).filter((name) => name.startsWith(linkPrefix(config.instance))),
    close: async (): Promise<void> => {
      await firewall.close();
      await restoreForwarding();
    },
  };
};
