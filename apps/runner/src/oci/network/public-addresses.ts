import { BlockList, isIPv4 } from 'node:net';

/**
 * What a sandbox must never reach: everything that is not the public internet (IANA special-purpose registry). It covers metadata
 * services (169.254.0.0/16), carrier and private networks, multicast, broadcast and reserved. The documentation nets 198.51.100.0/24
 * and 203.0.113.0/24 are not in it: no network on the internet has them, and closed test networks use them as their outside.
 */
export const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];

/** Whether a sandbox may reach the address at all; others are left out of what names stand for (DNS rebinding). */
export const isPublic = (address: string, hostNetworks: readonly string[]): boolean => {
  if (!isIPv4(address)) return false;
  const list = new BlockList();
  for (const cidr of [...NOT_PUBLIC, ...hostNetworks]) {
    const [network = '', prefix = '32'] = cidr.split('/');
    list.addSubnet(network, Number(prefix), 'ipv4');
  }
  return !list.check(address, 'ipv4');
};
