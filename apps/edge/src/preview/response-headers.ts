import { endToEnd, type Field } from '../proxy/headers.ts';
import { ownCookie } from '../proxy/set-cookie.ts';

const DROPPED = new Set([
  'server',
  'x-frame-options',
  'x-robots-tag',
  'x-request-id',
  'alt-svc', // would send the visitor's browser past the edge
  'clear-site-data', // "cookies" clears the whole registrable domain: every other preview and the dashboard
]);

/** CSP without `frame-ancestors`, so that iframes work; one header may hold several policies. */
const framed = (policies: string): string | null => {
  const kept = policies
    .split(',')
    .map((policy) =>
      policy
        .split(';')
        .filter((directive) => !/^\s*frame-ancestors(?:\s|$)/i.test(directive))
        .join(';')
        .trim(),
    )
    .filter((policy) => policy !== '');
  return kept.length === 0 ? null : kept.join(', ');
};

export interface Shown {
  readonly hostname: string;
  readonly requestId: string;
  /** Whose pages may frame it; empty = any. */
  readonly embedOrigins: readonly string[];
}

/** The response head a visitor sees (contract 4.4, responses of previews). */
export const visitorHeaders = (raw: readonly string[], { hostname, requestId, embedOrigins }: Shown): string[] => {
  const keep = ({ name, value }: Field): string | null => {
    if (DROPPED.has(name) || name.startsWith('x-miosa-')) return null;
    if (name === 'set-cookie') return ownCookie(value, hostname);
    if (name === 'content-security-policy' || name === 'content-security-policy-report-only') return framed(value);
    return value;
  };
  // A policy of its own: several bind together, and the app's stays as it is.
  const framing = embedOrigins.length === 0 ? [] : ['Content-Security-Policy', `frame-ancestors 'self' ${embedOrigins.join(' ')}`];
  return [...endToEnd(raw, keep), ...framing, 'X-Robots-Tag', 'noindex', 'X-Request-ID', requestId];
};
