import { domainToASCII } from 'node:url';
import { isSlug } from '@miosa/kernel';

/** The names and ports of one installation. The domains are lower-case ASCII (IDN as punycode), without a trailing dot. */
export interface Names {
  readonly domain: string;
  /** Below which published apps have their host names; by default the same as `domain`. */
  readonly appsDomain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

export type ParsedHost =
  | { readonly kind: 'api' }
  | { readonly kind: 'preview'; readonly port: number; readonly slug: string }
  /** `name`: `{deployment slug}.{organization slug}`; `staged`: the last ten characters of the id of one version, null: the live one. */
  | { readonly kind: 'deployment'; readonly name: string; readonly staged: string | null }
  /** A well-formed name that is none of ours: perhaps a customer's own. */
  | { readonly kind: 'other'; readonly hostname: string }
  | { readonly kind: 'unknown' };

const UNKNOWN: ParsedHost = { kind: 'unknown' };
const API: ParsedHost = { kind: 'api' };

// ASCII is checked before lower-casing: U+212A (Kelvin sign) lower-cases to `k` and would otherwise become another host.
const HOST_HEADER = /^([A-Za-z0-9.-]{1,254})(?::[0-9]{1,5})?$/;
const PREVIEW_LABEL = /^([1-9][0-9]{0,4})-(sbx[0-9a-hjkmnp-tv-z]{8,})$/;
const SLUG = /^sbx[0-9a-hjkmnp-tv-z]{8,}$/;
/** Slugs hold no double hyphen, so what stands before one is no part of a slug. */
const STAGED_LABEL = /^([0-9a-hjkmnp-tv-z]{10})--(.+)$/;
const VERSION_ID = /^ver_[0-9a-hjkmnp-tv-z]{26}$/;
/** At least two labels of letters, digits and inner hyphens; the last one begins with a letter, so no spelling of an address is a name. */
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const MAX_PORT = 65_535;
/** RFC 1035 §2.3.4. */
const MAX_LABEL_CHARACTERS = 63;

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= MAX_PORT;

/** What stands before `.{base}`, or null when the host is not below it. */
const below = (host: string, base: string): string | null =>
  host.length > base.length + 1 && host.endsWith(base) && host.charCodeAt(host.length - base.length - 1) === 0x2e
    ? host.slice(0, -base.length - 1)
    : null;

/**
 * Reads a Host header (or a TLS server name) by the grammar of the contract, sections 4.3 and 4.4: lower-cased, one trailing dot removed, the
 * port dropped. Below our domains everything that is not exactly one of our names is `unknown`, and so is what is no host name at all;
 * callers use the parsed values and never the header again.
 */
export const parseHost = (hostHeader: string, names: Names): ParsedHost => {
  const match = HOST_HEADER.exec(hostHeader);
  if (match?.[1] === undefined) return UNKNOWN;
  const lower = match[1].toLowerCase();
  const host = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  const ours = below(host, names.domain);
  if (ours === 'api') return API;
  if (ours?.endsWith('.sandbox')) return parsePreview(ours.slice(0, -'.sandbox'.length));
  const app = names.appsDomain === names.domain ? ours : below(host, names.appsDomain);
  if (app !== null) return parseApp(app);
  if (ours !== null || host === names.domain || host === names.appsDomain || !HOST_NAME.test(host)) return UNKNOWN;
  // Punycode that means nothing, or the same as a shorter spelling, is not a name either.
  return host.includes('xn--') && domainToASCII(host) !== host ? UNKNOWN : { kind: 'other', hostname: host };
};

const parsePreview = (label: string): ParsedHost => {
  const parts = label.length > MAX_LABEL_CHARACTERS ? null : PREVIEW_LABEL.exec(label);
  const port = Number(parts?.[1]);
  if (parts?.[2] === undefined || !isPort(port)) return UNKNOWN;
  return { kind: 'preview', port, slug: parts[2] };
};

/** `{slug}.{organization}` or `{version}--{slug}.{organization}`. Reserved words are no slugs, so names of other kinds never read as one. */
const parseApp = (labels: string): ParsedHost => {
  const dot = labels.indexOf('.');
  const organization = labels.slice(dot + 1);
  if (dot < 1 || !isSlug(organization)) return UNKNOWN;
  const label = labels.slice(0, dot);
  if (isSlug(label)) return { kind: 'deployment', name: labels, staged: null };
  const staged = STAGED_LABEL.exec(label);
  if (staged?.[1] === undefined || staged[2] === undefined || !isSlug(staged[2])) return UNKNOWN;
  return { kind: 'deployment', name: `${staged[2]}.${organization}`, staged: staged[1] };
};

const authority = (host: string, names: Names): string =>
  names.httpsPort === 443 ? `https://${host}` : `https://${host}:${names.httpsPort}`;

/** Origin of a preview, without a trailing slash. The only place where preview host names are made (ARCHITECTURE invariant 6). */
export const previewUrl = (names: Names, target: { readonly port: number; readonly slug: string }): string => {
  if (!isPort(target.port) || !SLUG.test(target.slug))
    throw new TypeError(`no preview host for port ${target.port} and slug ${target.slug}`);
  return authority(`${target.port}-${target.slug}.sandbox.${names.domain}`, names);
};

/** Origin of the API host, without a trailing slash. */
export const apiUrl = (names: Names): string => authority(`api.${names.domain}`, names);

export interface DeploymentName {
  readonly slug: string;
  readonly organizationSlug: string;
}

/** How a deployment is called in the routing table, whatever the domain: `{slug}.{organization}`. */
export const managedName = ({ slug, organizationSlug }: DeploymentName): string => {
  if (!isSlug(slug) || !isSlug(organizationSlug)) throw new TypeError(`no host name for deployment ${slug} of ${organizationSlug}`);
  return `${slug}.${organizationSlug}`;
};

/** Origin of a deployment's managed address, without a trailing slash. */
export const deploymentUrl = (names: Names, target: DeploymentName): string =>
  authority(`${managedName(target)}.${names.appsDomain}`, names);

/** What stands for a version in its staged host name. */
export const stagedSuffix = (versionId: string): string => {
  if (!VERSION_ID.test(versionId)) throw new TypeError(`no host name for version ${versionId}`);
  return versionId.slice(-10);
};

/** Origin at which one version can be seen, live or not; without a trailing slash. */
export const stagedUrl = (names: Names, target: DeploymentName & { readonly versionId: string }): string =>
  authority(`${stagedSuffix(target.versionId)}--${managedName(target)}.${names.appsDomain}`, names);

/** The TLS origin of any host that was read, for redirects; null for `unknown`. */
export const originOf = (names: Names, host: ParsedHost): string | null => {
  if (host.kind === 'api') return apiUrl(names);
  if (host.kind === 'preview') return previewUrl(names, host);
  if (host.kind === 'other') return authority(host.hostname, names);
  if (host.kind === 'unknown') return null;
  return authority(`${host.staged === null ? '' : `${host.staged}--`}${host.name}.${names.appsDomain}`, names);
};
