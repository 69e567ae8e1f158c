import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import { type Names, parseHost } from '@miosa/hostnames';
import type { Log } from '@miosa/kernel';
import type { Internal } from '../net/internal.ts';
import type { Deployments } from '../routes/deployments.ts';
import { createCertificateFiles, type Held, hold } from './files.ts';

interface Deps {
  readonly names: Names;
  readonly deployments: Deployments;
  readonly internal: Internal;
  readonly log: Log;
  /** Holds `ca.pem`, and issued certificates in `issued/`. */
  readonly tlsFolder: string;
}

const CALL_MS = 10_000;
/** A context holds some 50 KB; the ones used longest ago are made again from disk. */
const MAX_CONTEXTS = 1_000;
const RENEW_MS = 30 * 86_400_000;
/** After a failure the same organization is not asked for again for this long. */
const PAUSE_MS = 5_000;

/**
 * Certificates for `*.{organization}.{apps domain}`, which no wildcard of the platform's covers: from memory, else from disk, else issued by the
 * control plane, once. A name that leads nowhere never causes an issue, so made-up names cost a look into memory.
 */
export const createOrganizationCertificates = ({ names, deployments, internal, log, tlsFolder }: Deps) => {
  const files = createCertificateFiles(join(tlsFolder, 'issued'));
  const contexts = new Map<string, Held>();
  const jobs = new Map<string, Promise<SecureContext | null>>();
  const pausedUntil = new Map<string, number>();

  const remember = (organization: string, held: Held): void => {
    contexts.delete(organization);
    const oldest = contexts.size >= MAX_CONTEXTS ? contexts.keys().next().value : undefined;
    if (oldest !== undefined) contexts.delete(oldest);
    contexts.set(organization, held);
  };
  const check = async (organization: string, pem: string): Promise<Held | null> =>
    hold(pem, `x.${organization}.${names.appsDomain}`, await readFile(join(tlsFolder, 'ca.pem'), 'utf8'));

  /** Null when it is damaged, expired or of an authority that was replaced: the next one takes its place. */
  const fromDisk = async (organization: string): Promise<Held | null> => {
    try {
      return await check(organization, await files.read(organization));
    } catch (error) {
      log.warn({ organization, error }, 'a certificate on disk cannot be used');
      return null;
    }
  };

  const issued = async (organization: string): Promise<Held> => {
    const { status, body } = await internal.post('/internal/certificates', { organization }, CALL_MS);
    if (status !== 200) throw new Error(`the control plane answered ${status}`);
    const { certificate, private_key } = (JSON.parse(body) as { data: { certificate: string; private_key: string } }).data;
    const pem = `${certificate}\n${private_key}`;
    const held = await check(organization, pem);
    if (held === null) throw new Error('the certificate that was issued is not good for the name');
    await files
      .write(organization, pem)
      .catch((error: unknown) => log.warn({ organization, error }, 'a certificate cannot be kept on disk'));
    log.info({ organization, expiresAt: new Date(held.expiresAt).toISOString() }, 'certificate issued');
    return held;
  };

  const obtain = async (organization: string, renews: boolean): Promise<SecureContext | null> => {
    try {
      const kept = !renews && files.has(organization) ? await fromDisk(organization) : null;
      const held = kept ?? (await issued(organization));
      remember(organization, held);
      return held.context;
    } catch (error) {
      if (pausedUntil.size >= MAX_CONTEXTS) pausedUntil.clear();
      pausedUntil.set(organization, Date.now() + PAUSE_MS);
      log.warn({ organization, error }, 'no certificate for an organization');
      return null;
    }
  };
  const once = (organization: string, renews: boolean): Promise<SecureContext | null> => {
    const running = jobs.get(organization);
    if (running !== undefined) return running;
    if (Date.now() < (pausedUntil.get(organization) ?? 0)) return Promise.resolve(null);
    const job = obtain(organization, renews).finally(() => jobs.delete(organization));
    jobs.set(organization, job);
    return job;
  };

  /** Whether the name leads to a deployment; the database is asked only while memory may lack some. */
  const leadsSomewhere = async (name: string): Promise<boolean> => {
    if (deployments.peek('managed', name) !== undefined) return true;
    return !deployments.complete && (await deployments.find('managed', name).catch(() => null)) !== null;
  };
  const afterLooking = async (organization: string, name: string): Promise<SecureContext | null> =>
    (await leadsSomewhere(name)) ? once(organization, false) : null;

  /** What a TLS client that asks for `serverName` gets; null: nothing special. Never rejects. */
  return (serverName: string): Promise<SecureContext | null> | SecureContext | null => {
    const host = parseHost(serverName, names);
    if (host.kind !== 'deployment') return null;
    const organization = host.name.slice(host.name.indexOf('.') + 1);
    const held = contexts.get(organization);
    if (held === undefined) return files.has(organization) ? once(organization, false) : afterLooking(organization, host.name);
    remember(organization, held);
    if (held.expiresAt - Date.now() < RENEW_MS) void once(organization, true);
    return held.context;
  };
};
