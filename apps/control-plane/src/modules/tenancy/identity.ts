import type { Tx } from '@miosa/db';
import { Fault, invalid, isSlug, newUuid, normaliseSlug, notFound, type Op, randomBase32, type TenantId, tenantOf } from '@miosa/kernel';
import { record } from '../audit/index.ts';
import type { Core } from './core.ts';
import { checkName } from './fields.ts';
import { insertTenant, isUniqueViolation, lockTenant, setIdentity, type TenantRow, tenantById } from './store.ts';
import { insertWorkspace } from './workspaces.store.ts';

const TEMPORARY = 'org-';

export type SetupReason = 'temporary_slug' | 'slug_mismatch' | 'no_name';

/** Why an organization still needs its permanent identity, or null when it has one (contract 2.1). */
export const setupReason = (tenant: { readonly name: string | null; readonly slug: string }): SetupReason | null => {
  if (tenant.slug.startsWith(TEMPORARY)) return 'temporary_slug';
  if (tenant.name === null || tenant.name === '') return 'no_name';
  return tenant.slug === normaliseSlug(tenant.name) ? null : 'slug_mismatch';
};

/** The permanent slug of an organization name; 422 where the name gives none that may be used. */
export const slugOfOrganization = (name: string): string => {
  const slug = normaliseSlug(checkName('name', name));
  if (slug.startsWith(TEMPORARY)) throw invalid('name', `gives the slug "${slug}", and slugs that begin with "org-" are temporary ones`);
  if (!isSlug(slug)) throw invalid('name', `gives the slug "${slug}", which is empty, all digits or reserved; choose another name`);
  return slug;
};

const slugTaken = (slug: string): Fault =>
  new Fault('SLUG_TAKEN', `Another organization has the slug "${slug}". Choose a name that gives another one.`);

const makeDefaultWorkspace = (tx: Tx, tenantId: TenantId, now: Date) =>
  insertWorkspace(tx, { tenantId, name: 'Default', slug: 'default', externalWorkspaceId: null, isDefault: true, now });

/** 409 `SETUP_REQUIRED` until the organization has its permanent name; everything that creates calls it first. */
export const assertSetupDone = async (op: Op, core: Core): Promise<void> => {
  const id = tenantOf(op);
  if (core.setupDone.has(id)) return;
  const tenant = await tenantById(core.db.read, id);
  if (tenant === undefined) throw notFound();
  if (setupReason(tenant) !== null) {
    throw new Fault('SETUP_REQUIRED', 'Give the organization its permanent name first: PUT /api/v1/tenants/{id} {"name": "…"}.', {
      details: { tenant_id: id },
    });
  }
  core.setupDone.add(id);
};

interface IdentityRequest {
  readonly name: string;
  readonly slug?: string | undefined;
}

const setUpIn = async (tx: Tx, op: Op, request: IdentityRequest): Promise<TenantRow> => {
  const id = tenantOf(op);
  const tenant = await lockTenant(tx, id);
  if (tenant === undefined) throw notFound();
  if (setupReason(tenant) === null) {
    if (tenant.name === request.name && (request.slug ?? tenant.slug) === tenant.slug) return tenant;
    throw new Fault('IMMUTABLE_FIELD', 'The name and slug of an organization are permanent once set.', {
      details: { fields: [{ path: tenant.name === request.name ? 'slug' : 'name', message: 'is permanent' }] },
    });
  }
  const slug = slugOfOrganization(request.name);
  if (request.slug !== undefined && request.slug !== slug) throw invalid('slug', `must be "${slug}", which follows from the name`);
  const changed = await setIdentity(tx, id, { name: request.name, slug }, op.now());
  await makeDefaultWorkspace(tx, id, op.now());
  await record(tx, op, { action: 'tenants.set', resourceType: 'tenant', resourceId: id, metadata: { name: request.name, slug } });
  return changed;
};

/** Sets name and slug once. The same request again changes nothing; any other is `IMMUTABLE_FIELD`. */
export const setUp = async (op: Op, core: Core, request: IdentityRequest): Promise<TenantRow> => {
  try {
    return await core.db.tx(op, 'tenants.set', (tx) => setUpIn(tx, op, request));
  } catch (error) {
    if (isUniqueViolation(error)) throw slugTaken(normaliseSlug(request.name));
    throw error;
  }
};

export interface NewTenant {
  /** Without a name the slug is temporary and set-up is required. */
  readonly name: string | null;
  readonly ownerUserId: string | null;
  readonly now: Date;
}

/** In the caller's transaction, which a taken slug (`SLUG_TAKEN`) ends. */
export const createTenant = async (tx: Tx, input: NewTenant): Promise<TenantRow> => {
  const slug = input.name === null ? `${TEMPORARY}${randomBase32(10)}` : slugOfOrganization(input.name);
  const id = newUuid(input.now.getTime()) as TenantId;
  try {
    const tenant = await insertTenant(tx, { ...input, id, slug, setupDone: input.name !== null });
    if (input.name !== null) await makeDefaultWorkspace(tx, id, input.now);
    return tenant;
  } catch (error) {
    if (isUniqueViolation(error)) throw slugTaken(slug);
    throw error;
  }
};
