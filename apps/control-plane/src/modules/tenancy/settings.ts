import { networkPolicyOf, networkPolicyWire } from '@miosa/kernel';
import { Settings } from './schemas.ts';

const KNOWN = new Set(Object.keys(Settings.properties));

/** Unknown fields of a body are ignored (contract 1.1), so they are not kept either. */
export const onlySettings = (settings: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([key]) => KNOWN.has(key))
      .map(([key, value]) => [key, key === 'network_policy' && value !== null ? canonical(value) : value]),
  );

const canonical = (policy: unknown): object => networkPolicyWire(networkPolicyOf('settings.network_policy', policy));
