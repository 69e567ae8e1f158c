import type { Updateable } from 'kysely';
import { checkMetadata, mergePatch } from '../../tenancy/index.ts';
import type { SandboxRow, SandboxTable } from '../types.ts';
import { expiryOf } from './effects.ts';
import { checkIdleTimeout, type ShapeRequest } from './shape.ts';

/** Without the size: that is the host's to change first. */
type FieldChange = Omit<ChangeRequest, keyof ShapeRequest>;

export interface ChangeRequest extends ShapeRequest {
  readonly name?: string | undefined;
  readonly tags?: string[] | null | undefined;
  readonly metadata?: Record<string, unknown> | null | undefined;
  readonly always_on?: boolean | undefined;
  readonly timeout_sec?: number | undefined;
  readonly idle_timeout_sec?: number | undefined;
  readonly preview_port?: number | null | undefined;
  readonly external_workspace_id?: string | null | undefined;
  readonly external_user_id?: string | null | undefined;
  readonly external_project_id?: string | null | undefined;
}

const AS_GIVEN = [
  'name',
  'always_on',
  'timeout_sec',
  'idle_timeout_sec',
  'preview_port',
  'external_workspace_id',
  'external_user_id',
  'external_project_id',
] as const;

/**
 * What a PATCH writes. A changed timer of a running window counts from now, so a smaller one never ends it at once (contract 4.2);
 * usage already metered keeps the external ids that were true then.
 */
export const changesOf = (row: SandboxRow, change: FieldChange, now: Date): Updateable<SandboxTable> => {
  checkIdleTimeout(change.idle_timeout_sec);
  const set: Updateable<SandboxTable> = Object.fromEntries(
    AS_GIVEN.filter((key) => change[key] !== undefined).map((key) => [key, change[key]]),
  );
  if (change.tags !== undefined) set.tags = change.tags ?? [];
  if (change.metadata !== undefined) {
    const merged = change.metadata === null ? {} : mergePatch(row.metadata, change.metadata);
    checkMetadata('metadata', merged);
    set.metadata = JSON.stringify(merged);
  }
  if (row.state !== 'running') return set;
  if (change.always_on !== undefined || change.timeout_sec !== undefined) {
    const next = { always_on: change.always_on ?? row.always_on, timeout_sec: change.timeout_sec ?? row.timeout_sec };
    set.expires_at = expiryOf(next, now);
  }
  if (change.idle_timeout_sec !== undefined) set.last_activity_at = now;
  return set;
};
