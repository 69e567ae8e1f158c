import { openDatabase } from '@miosa/db';
import { emitOpenApi, type Route } from '@miosa/http';
import type { Log } from '@miosa/kernel';
import { accessRoutes, createAccess } from './modules/access/index.ts';
import { adminRoutes } from './modules/admin/index.ts';
import { auditRoutes } from './modules/audit/index.ts';
import { browserTokenRoutes } from './modules/browser-tokens/index.ts';
import { deploymentRoutes } from './modules/deployments/index.ts';
import { eventRoutes } from './modules/events/index.ts';
import { membersRoutes } from './modules/members/index.ts';
import { sandboxRoutes } from './modules/sandboxes/index.ts';
import { createTenancy, tenancyRoutes } from './modules/tenancy/index.ts';
import { VERSION } from './version.ts';

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** All routes for reading their declarations: nothing is connected, no handler may be called. */
export const declaredRoutes = (): Route[] => {
  const db = openDatabase('postgresql://localhost/none');
  const tenancy = createTenancy({ db });
  const access = createAccess({ db, tenancy, log: silent, jwtSecretHex: '00'.repeat(64) });
  return [
    ...tenancyRoutes(tenancy),
    ...accessRoutes(access),
    ...membersRoutes({ db, tenancy, access, registration: 'closed' }),
    ...auditRoutes({ db }),
    ...browserTokenRoutes({ core: {} } as Parameters<typeof browserTokenRoutes>[0]),
    ...adminRoutes({ db, access, tenancy, browserTokens: {}, readiness: async () => ({}), version: VERSION } as unknown as Parameters<
      typeof adminRoutes
    >[0]),
    ...eventRoutes({} as Parameters<typeof eventRoutes>[0]),
    ...sandboxRoutes({} as Parameters<typeof sandboxRoutes>[0]),
    ...deploymentRoutes({} as Parameters<typeof deploymentRoutes>[0]),
  ];
};

/** The committed document, byte for byte. */
export const openApiText = (): string => `${JSON.stringify(emitOpenApi(declaredRoutes(), { version: VERSION }), null, 2)}\n`;
