import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Log } from '@miosa/kernel';
import type { RunnerConfig } from '../../config.ts';
import { command } from '../command.ts';
import type { Helper } from '../helper.ts';
import { type AddressPlan, addressPlan, chooseShare, linkPrefix, preferredShare } from './addresses.ts';
import { createEgressProxy } from './egress/proxy.ts';
import { createSecrets } from './egress/secrets.ts';
import { CONNECTIONS_MAX, keepFirewall, tableName } from './firewall.ts';
import { createNameServer } from './name-server.ts';
import { createNft } from './nft.ts';
import { createPolicies, type Standing } from './policies.ts';
import { openMemory } from './remembered.ts';
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

export interface NetworkOptions {
  readonly config: RunnerConfig;
  readonly folder: string;
  readonly helper: Helper;
  /** Slots of sandboxes that run, which the share of addresses must not change under, and whom it concerns. */
  readonly running: readonly {
    readonly id: string;
    readonly slot: number;
    readonly levels: Standing['levels'];
    readonly hosts: readonly string[];
  }[];
  readonly log: Log;
}

const openPlan = (config: RunnerConfig, folder: string, keepShare: boolean): AddressPlan => {
  const file = join(folder, 'network.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Saved) : null;
  // Sandboxes that run keep their addresses, so the share can change only without any.
  const share =
    before !== null && keepShare
      ? before.share
      : chooseShare(config.addressPool, config.instance, before?.share ?? preferredShare(config.instance));
  writeFileSync(file, JSON.stringify({ share } satisfies Saved));
  return addressPlan(config.addressPool, config.instance, share);
};

/**
 * Address share, firewall, policies and forwarding of this host. Forwarding is switched on while we run and off again at a clean stop if
 * it was off before; a host with its own forward policy `drop` (Docker sets one) must accept our links itself.
 */
export const openNetwork = async ({ config, folder, helper, running, log }: NetworkOptions) => {
  const { instance } = config;
  const plan = openPlan(config, folder, running.length > 0);
  const [nameServerSlot, egressSlot] = [plan.slot(plan.slotCount - 1), plan.slot(plan.slotCount - 2)];
  const nft = createNft();
  const upstream = (): string | null => (config.resolver === '' ? upstreamResolver() : config.resolver);
  const known = new Set(running.map(({ id }) => id));
  const memory = openMemory(join(folder, 'names'), known, (error) => log.warn({ err: error }, 'names were not saved'));
  const policies = createPolicies({
    table: tableName(instance),
    connectionsMax: CONNECTIONS_MAX,
    nft,
    hostNetworks: () => hostNetworks(instance),
    proxyAddress: egressSlot.address,
    memory,
    standing: running.map(({ id, slot, levels, hosts }) => ({ id, address: plan.slot(slot).address, levels, hosts })),
    reload: () => firewall.load(),
  });
  const nameServer = createNameServer({ helper, slot: nameServerSlot, decisions: policies, upstream, log });
  const secrets = createSecrets({ policies, hostNetworks: () => hostNetworks(instance) });
  const authorities = config.egressAuthorities;
  const proxy = createEgressProxy({ helper, slot: egressSlot, secrets, setup: () => ({ upstream: upstream(), authorities }), log });
  const startServers = async (hosts: readonly string[]): Promise<void> => {
    await Promise.all([policies.any ? nameServer.start() : undefined, hosts.length > 0 ? proxy.start() : undefined]);
  };
  // The firewall stands before the first packet can be forwarded, and is put back when the host's administration flushes it.
  const firewall: Awaited<ReturnType<typeof keepFirewall>> = await keepFirewall({
    log,
    instance,
    nft,
    rules: () => ({
      instance,
      addresses: `${plan.base}/${plan.prefix}`,
      hostNetworks: hostNetworks(instance),
      resolver: upstream(),
      nameServer: nameServerSlot,
      egress: egressSlot,
    }),
    policies: policies.text,
    onChange: () => {
      nameServer.setUpstream(upstream());
      proxy.renew();
    },
  });
  switchForwardingOn();
  return {
    plan,
    /** Of the platform's own processes. */
    ownSlots: [nameServerSlot, egressSlot],
    /** Starts what running sandboxes need; after leftovers of an earlier runner were removed. */
    start: (): Promise<void> => startServers(running.flatMap(({ hosts }) => hosts)),
    policies: {
      ...policies,
      apply: async (standing: Standing): Promise<void> => {
        await policies.apply(standing);
        proxy.drop(standing.address);
        await startServers(standing.hosts);
      },
    },
    secrets,
    /** Host ends of pairs that exist now. */
    links: (): string[] => Object.keys(networkInterfaces()).filter((name) => name.startsWith(linkPrefix(instance))),
    /** What the runner holds; rules stay. */
    leave: async (): Promise<void> => {
      await nameServer.close();
      await proxy.close();
      await memory.close();
    },
    close: async (): Promise<void> => {
      await firewall.close();
      await restoreForwarding();
    },
  };
};
