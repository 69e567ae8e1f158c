import { hasControlCharacters, invalid, isSlug, isUuid, NO_CONTROL_PATTERN } from '@miosa/kernel';
import { Type } from 'typebox';
import type { OwnershipRequest } from './types.ts';

/** Schemas of the text fields of contract 1.8, for every module's bodies. */
export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
export const Uuid = Type.String({ format: 'uuid' });
export const Timestamp = Type.String({ format: 'date-time', description: 'UTC, ISO-8601 with milliseconds' });
export const Name = Type.String({ minLength: 1, maxLength: 120, pattern: NO_CONTROL_PATTERN });
export const Slug = Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' });
export const ExternalId = Type.String({ minLength: 1, maxLength: 255, pattern: NO_CONTROL_PATTERN });
export const Description = Type.String({ maxLength: 2000, pattern: NO_CONTROL_PATTERN });
export const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 64, pattern: NO_CONTROL_PATTERN }), { maxItems: 20 });
export const Metadata = Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'JSON object of at most 16 KiB' });

/** The nine ownership and attribution fields; spread into every create body. */
export const OWNERSHIP_FIELDS = {
  workspace_id: Type.Optional(nullable(Uuid)),
  workspace_slug: Type.Optional(nullable(Slug)),
  workspace_name: Type.Optional(nullable(Name)),
  project_id: Type.Optional(nullable(Uuid)),
  project_slug: Type.Optional(nullable(Slug)),
  project_name: Type.Optional(nullable(Name)),
  external_workspace_id: Type.Optional(nullable(ExternalId)),
  external_user_id: Type.Optional(nullable(ExternalId)),
  external_project_id: Type.Optional(nullable(ExternalId)),
};

const MAX_METADATA_BYTES = 16 * 1024;

/** Far deeper than any record, far shallower than the stack: a megabyte of `{"a":` is 200,000 levels. */
const MAX_DEPTH = 32;

const checkInside = (path: string, value: unknown, depth: number): void => {
  if (typeof value === 'string' && hasControlCharacters(value)) throw invalid(path, 'must not contain control characters');
  if (value === null || typeof value !== 'object') return;
  if (depth === MAX_DEPTH) throw invalid(path, `must not be nested deeper than ${MAX_DEPTH} levels`);
  for (const [key, inner] of Object.entries(value)) {
    checkInside(path, key, depth);
    checkInside(path, inner, depth + 1);
  }
};

/** What the schema of `metadata` cannot say: its size as JSON, its depth, and no control characters anywhere inside. */
export const checkMetadata = (path: string, value: object): void => {
  checkInside(path, value, 0);
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_METADATA_BYTES) throw invalid(path, 'must be at most 16 KiB as JSON');
};

const text = (path: string, value: string, maxLength: number): string => {
  // Code points, as JSON Schema counts.
  if (value === '' || [...value].length > maxLength) throw invalid(path, `must have 1 to ${maxLength} characters`);
  if (hasControlCharacters(value) || !value.isWellFormed()) throw invalid(path, 'must not contain control characters');
  return value;
};

export const checkName = (path: string, value: string): string => text(path, value, 120);
export const checkExternalId = (path: string, value: string): string => text(path, value, 255);

/** A chosen slug; a reserved or malformed one is refused, never repaired. */
export const checkSlug = (path: string, value: string): string => {
  if (!isSlug(value)) throw invalid(path, 'must be 1 to 40 of a-z, 0-9 and single inner hyphens, not all digits and not a reserved word');
  return value;
};

const checkUuid = (path: string, value: string): string => {
  if (!isUuid(value)) throw invalid(path, 'must be a UUID');
  return value.toLowerCase();
};

export interface OwnershipFields {
  readonly workspaceId: string | null;
  readonly workspaceSlug: string | null;
  readonly workspaceName: string | null;
  readonly projectId: string | null;
  readonly projectSlug: string | null;
  readonly projectName: string | null;
  readonly externalWorkspaceId: string | null;
  readonly externalUserId: string | null;
  readonly externalProjectId: string | null;
}

/** Rule 1 of contract 3.2: all nine are checked before anything is looked up or made. */
export const validateOwnership = (request: OwnershipRequest): OwnershipFields => {
  const field = (name: keyof OwnershipRequest, check: (path: string, value: string) => string): string | null => {
    const value = request[name];
    return value === undefined || value === null ? null : check(name, value);
  };
  return {
    workspaceId: field('workspace_id', checkUuid),
    workspaceSlug: field('workspace_slug', checkSlug),
    workspaceName: field('workspace_name', checkName),
    projectId: field('project_id', checkUuid),
    projectSlug: field('project_slug', checkSlug),
    projectName: field('project_name', checkName),
    externalWorkspaceId: field('external_workspace_id', checkExternalId),
    externalUserId: field('external_user_id', checkExternalId),
    externalProjectId: field('external_project_id', checkExternalId),
  };
};
