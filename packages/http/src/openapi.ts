import type { Route } from './route.ts';

export interface OpenApiInfo {
  readonly version: string;
  readonly apiUrl?: string;
}

export const emitOpenApi = (routes: readonly Route[], info: OpenApiInfo): object => ({
  openapi: '3.1.0',
  info: { title: 'MIOSA API', version: info.version },
  paths: Object.fromEntries(routes.filter((r) => r.internal !== true).map((r) => [r.path, {}])),
});
