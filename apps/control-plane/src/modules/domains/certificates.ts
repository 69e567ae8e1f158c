import type { CertificateIssuer } from '@miosa/certs';
import type { Database } from '@miosa/db';
import type { Names } from '@miosa/hostnames';
import { defineRoute, type Route } from '@miosa/http';
import { isSlug, notFound } from '@miosa/kernel';
import { Type } from 'typebox';
import { organizationExists } from './store.ts';

export interface Issuing {
  readonly names: Names;
  readonly issuer: CertificateIssuer;
}

/** For the edge, on the internal socket only: what it asks for once per organization and keeps. */
export const certificateRoutes = ({ db, names, issuer }: Issuing & { readonly db: Database }): Route[] => [
  defineRoute({
    id: 'internal.certificates.issue',
    method: 'POST',
    path: '/internal/certificates',
    summary: 'A certificate for the host names of an organization’s deployments',
    access: 'public',
    internal: true,
    body: Type.Object({ organization: Type.String({ maxLength: 40 }) }),
    response: Type.Object({ certificate: Type.String(), private_key: Type.String(), expires_at: Type.String() }),
    handler: async (_op, { body: { organization } }) => {
      if (!isSlug(organization) || !(await organizationExists(db.read, organization))) throw notFound();
      const { chainPem, keyPem, expiresAt } = await issuer.issue([`*.${organization}.${names.appsDomain}`]);
      return { certificate: chainPem, private_key: keyPem, expires_at: expiresAt.toISOString() };
    },
  }),
];
