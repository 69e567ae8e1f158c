import { BlockList } from 'node:net';
import { isCidr, type NetworkPolicy, type NetworkRule } from '@miosa/kernel';
import { isRefusedByName, type NameSet } from './policy-rules.ts';

/** `*.host` matches subdomains of any depth, not the host itself. */
export const matchesHost = (destination: string, name: string): boolean =>
  destination.startsWith('*.') ? name.endsWith(destination.slice(1)) && name.length > destination.length - 1 : name === destination;

const allows = ({ defaultEffect, rules }: NetworkPolicy, name: string): boolean => {
  const matching = rules.filter(({ destination }) => !isCidr(destination) && matchesHost(destination, name));
  if (matching.some(isRefusedByName)) return false;
  return defaultEffect === 'allow' || matching.some(({ effect }) => effect === 'allow');
};

/** Whether every level lets this name be asked for. */
export const mayResolve = (levels: readonly NetworkPolicy[], name: string): boolean => levels.every((policy) => allows(policy, name));

/** Whether some level refuses a name that an allowed one is only another name of. */
export const isRefused = (levels: readonly NetworkPolicy[], name: string): boolean =>
  levels.some(({ rules }) => rules.some((rule) => isRefusedByName(rule) && matchesHost(rule.destination, name)));

/** Sets that the addresses of a name belong in. `names`: what was asked for, then the names it stands for; each of them may be denied. */
export const setsOf = (sets: readonly NameSet[], names: readonly string[]): readonly NameSet[] =>
  sets.filter(({ effect, destinations }) =>
    destinations.some((destination) => (effect === 'deny' ? names : names.slice(0, 1)).some((name) => matchesHost(destination, name))),
  );

export interface Destination {
  /** What was asked for, then the names it stands for. */
  readonly names: readonly string[];
  /** IPv4. */
  readonly address: string;
  readonly port: number;
}

const isIn = (cidr: string, address: string): boolean => {
  const [network = '', prefix = '32'] = cidr.split('/');
  if (network.includes(':')) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), 'ipv4');
  return list.check(address, 'ipv4');
};

const covers = ({ effect, destination, ports, protocol }: NetworkRule, { names, address, port }: Destination): boolean => {
  if (protocol === 'udp' || (ports.length > 0 && !ports.some(({ from, to }) => from <= port && port <= to))) return false;
  if (isCidr(destination)) return isIn(destination, address);
  return (effect === 'deny' ? names : names.slice(0, 1)).some((name) => matchesHost(destination, name));
};

/** Whether every level lets a TCP connection to this destination be made; what the rules of the firewall say, for whoever connects instead. */
export const mayConnect = (levels: readonly NetworkPolicy[], destination: Destination): boolean =>
  levels.every(({ defaultEffect, rules }) => {
    const matching = rules.filter((rule) => covers(rule, destination));
    if (matching.some(({ effect }) => effect === 'deny')) return false;
    return defaultEffect === 'allow' || matching.length > 0;
  });
