export { closeInterval, openInterval, totals, voidInterval } from './store.ts';
export type { Metered, UsageTotal } from './types.ts';
