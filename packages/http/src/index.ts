export { PAGE_QUERY, type Position, pageOf, positionOf } from './cursor.ts';
export type { Translate } from './faults.ts';
export type { Begun, IdempotencyScope, IdempotencyStore } from './idempotency.ts';
export { createLog } from './log.ts';
export { emitOpenApi, type OpenApiInfo } from './openapi.ts';
export type { ServerOptions } from './options.ts';
export * from './route.ts';
export { createServer, type Server } from './server.ts';
export { statusOf } from './status.ts';
