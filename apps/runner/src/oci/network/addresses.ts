import { networkInterfaces } from 'node:os';

/** First host id of slot ranges: 2^30 + slot · 65 536, below 2^31, far from what distributions give to people and to subuid files. */
const ID_BASE = 2 ** 30;
const IDS_PER_SLOT = 65_536;
/** A sixteenth of a /16 holds 2 048 pairs of addresses. */
const SHARES = 16;
const MAX_SLOTS = 2048;

export interface Slot {
  readonly index: number;
  /** The host's end of the pair; the sandbox's is eth0. */
  readonly link: string;
  /** The gateway. */
  readonly host: string;
  readonly address: string;
  readonly idBase: number;
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export interface AddressPlan {
  /** First address of this installation's share. */
  readonly base: string;
  readonly prefix: number;
  readonly slotCount: number;
  slot(index: number): Slot;
}

/** Interface names are at most 15 characters: `mi`, six of the instance, `-`, the slot. */
export const linkPrefix = (instance: string): string => `mi${instance}-`;

export const addressPlan = (pool: string, instance: string, share: number): AddressPlan => {
  const [first = '', bits = ''] = pool.split('/');
  const prefix = Number(bits) + Math.log2(SHARES);
  const size = 2 ** (32 - prefix);
  const base = Math.floor(toNumber(first) / (size * SHARES)) * size * SHARES + share * size;
  return {
    base: toAddress(base),
    prefix,
    slotCount: Math.min(size / 2, MAX_SLOTS),
    slot: (index) => ({
      index,
      link: `${linkPrefix(instance)}${index}`,
      host: toAddress(base + index * 2),
      address: toAddress(base + index * 2 + 1),
      // Installations on one host take different ranges too, as far as 2^30 ids reach: 16 shares of 1 024 slots.
      idBase: ID_BASE + ((share * (MAX_SLOTS / 2) + index) % (SHARES * (MAX_SLOTS / 2))) * IDS_PER_SLOT,
    }),
  };
};

/** The share to use: the preferred one unless an interface that is not ours has an address in it. */
export const chooseShare = (pool: string, instance: string, preferred: number): number => {
  const foreign = Object.entries(networkInterfaces())
    .filter(([name]) => !name.startsWith(linkPrefix(instance)))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter((address) => address.family === 'IPv4')
    .map((address) => toNumber(address.address));
  for (let step = 0; step < SHARES; step++) {
    const share = (preferred + step) % SHARES;
    const plan = addressPlan(pool, instance, share);
    const base = toNumber(plan.base);
    if (!foreign.some((address) => address >= base && address < base + 2 ** (32 - plan.prefix))) return share;
  }
  throw new Error(`every part of the address pool ${pool} is in use on this host; set MIOSA_RUNNER_POOL to another private block`);
};

export const preferredShare = (instance: string): number => Number.parseInt(instance.slice(0, 2), 16) % SHARES;
