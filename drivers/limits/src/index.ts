export { withFallback } from './fallback.ts';
export { createMemoryLimiter } from './memory.ts';
export type * from './port.ts';
export { createRedisLimiter } from './redis.ts';
