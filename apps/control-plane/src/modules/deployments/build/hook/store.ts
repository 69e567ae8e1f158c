import type { Tx } from '@miosa/db';
import { sql } from 'kysely';

/** Whether this very event, or its commit as the newest, has been built or is being built. In the transaction that holds the deployment. */
export const isBuilt = async (tx: Tx, deploymentId: string, eventSha256: string, commit: string): Promise<boolean> => {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from deployment_builds where deployment_id = ${deploymentId} and hook_sha256 = ${eventSha256})
        or coalesce((select commit_sha = ${commit} and state in ('queued', 'building', 'ready') from deployment_builds
                      where deployment_id = ${deploymentId} order by created_at desc, id desc limit 1), false) as found`.execute(tx);
  return rows[0]?.found === true;
};

export const setEvent = async (tx: Tx, buildId: string, eventSha256: string): Promise<void> => {
  await sql`update deployment_builds set hook_sha256 = ${eventSha256} where id = ${buildId}`.execute(tx);
};
