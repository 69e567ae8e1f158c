import type { Visit } from '../visit.ts';

const portOf = (visit: Visit): string => /:([0-9]+)$/.exec(visit.authority)?.[1] ?? (visit.scheme === 'https' ? '443' : '80');

/** What the app or the control plane learns of the visitor (contract 4.4). Always set here, never taken over. */
export const forwardedFields = (visit: Visit): string[] => [
  'X-Forwarded-For',
  visit.ip,
  'X-Forwarded-Proto',
  visit.scheme,
  'X-Forwarded-Host',
  visit.authority,
  'X-Forwarded-Port',
  portOf(visit),
  'X-Request-ID',
  visit.requestId,
];
