import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiUrl } from '@miosa/hostnames';
import type { Layout, Options } from '../options.ts';
import { ask } from '../service/socket.ts';
import { writeSecret } from './keys.ts';

export interface Credentials {
  readonly api_url: string;
  readonly ca_file: string;
  readonly organization: { readonly id: string; readonly name: string; readonly slug: string };
  readonly admin: { readonly email: string; readonly password: string };
  /** Null when the first start was interrupted between making the key and writing it down: log in and make another. */
  readonly api_key: string | null;
}

interface BootstrapReply {
  readonly data: { readonly tenant: { id: string; name: string; slug: string }; readonly api_key: string | { readonly key: string } };
}

const read = (path: string): Credentials | null => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);

/**
 * The first organization, its admin and the first API key. The password is on disk (0600) before the control plane hears of it, so an
 * interrupted first start never locks the owner out. `isNew` is true exactly once: only then is the key shown.
 */
export const firstStart = async (options: Options, layout: Layout): Promise<{ credentials: Credentials | null; isNew: boolean }> => {
  const known = read(layout.credentials);
  const fixed = { api_url: apiUrl(options), ca_file: join(layout.tls, 'ca.pem') };
  const save = (credentials: Credentials) => writeSecret(layout.credentials, `${JSON.stringify(credentials, null, 2)}\n`, 0o600, 0, 0);
  if (known !== null && known.organization.id !== '') {
    const current = { ...known, ...fixed };
    if (JSON.stringify(current) !== JSON.stringify(known)) save(current);
    return { credentials: current, isNew: false };
  }
  const name = 'My organization';
  const admin = known?.admin ?? { email: `admin@${options.domain}`, password: randomBytes(18).toString('base64url') };
  const pending: Credentials = { ...fixed, organization: { id: '', name, slug: '' }, admin, api_key: null };
  if (known === null) save(pending);
  const reply = await ask(layout.internalSocket, 'POST', '/internal/bootstrap', {
    body: { organization_name: name, email: admin.email, password: admin.password },
    timeoutMs: 30_000,
  });
  // Another data folder's first start may have used this database (DATABASE_URL): then there is nothing to show.
  if (reply.status === 409) return { credentials: known === null ? null : pending, isNew: false };
  if (reply.status >= 300) throw new Error(`the first organization could not be made (${reply.status}): ${reply.body.slice(0, 500)}`);
  const { tenant, api_key: key }: BootstrapReply['data'] = (JSON.parse(reply.body) as BootstrapReply).data;
  const credentials: Credentials = {
    ...pending,
    organization: { id: tenant.id, name: tenant.name, slug: tenant.slug },
    api_key: typeof key === 'string' ? key : key.key,
  };
  save(credentials);
  return { credentials, isNew: true };
};
