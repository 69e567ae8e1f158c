import type { Db } from '@miosa/db';

export const organizationExists = async (db: Db, slug: string): Promise<boolean> =>
  (await db.selectFrom('tenants').select('id').where('slug', '=', slug).executeTakeFirst()) !== undefined;
