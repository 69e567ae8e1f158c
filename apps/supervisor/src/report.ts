import { apiUrl } from '@miosa/hostnames';
import { layoutOf, type Options } from './options.ts';
import type { Credentials } from './setup/first-start.ts';

/** What a person needs after `up`: where, who, and why the browser complains. */
export const report = (options: Options, credentials: Credentials | null, isNew: boolean): string => {
  const layout = layoutOf(options);
  const api = apiUrl(options);
  const ca = `${layout.tls}/ca.pem`;
  const who =
    credentials === null
      ? ['  organization    kept in the database given by DATABASE_URL']
      : [
          `  organization    ${credentials.organization.name}${credentials.organization.slug === '' ? '' : ` (${credentials.organization.slug})`}`,
          `  admin login     ${credentials.admin.email}${isNew ? `  password ${credentials.admin.password}` : `  (password in ${layout.credentials})`}`,
          isNew
            ? `  API key         ${credentials.api_key}   (shown once; also in ${layout.credentials}, mode 0600)`
            : `  API key         in ${layout.credentials}`,
        ];
  return [
    '',
    'MIOSA is up.',
    `  API             ${api}/api/v1`,
    `  reference       ${api}/docs`,
    `  previews        https://{port}-{slug}.sandbox.${options.domain}${options.httpsPort === 443 ? '' : `:${options.httpsPort}`}`,
    ...who,
    `  logs            ${layout.logs}`,
    '',
    `  Its certificates come from a local authority that can vouch for ${options.domain} only. To trust it:`,
    `    curl      --cacert ${ca}`,
    `    Node      NODE_EXTRA_CA_CERTS=${ca}`,
    `    system    cp ${ca} /usr/local/share/ca-certificates/miosa.crt && update-ca-certificates`,
    `    browser   import ${ca} as an authority for web sites`,
    '',
  ].join('\n');
};
