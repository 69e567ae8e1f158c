import { isUuid } from '@miosa/kernel';
import { type Expression, type SqlBool, sql } from 'kysely';
import { Type } from 'typebox';

const value = () => Type.Optional(Type.String({ maxLength: 255 }));

/** Query properties that every list of owned objects takes (contract 1.5); spread into the route's query schema. */
export const OWNED_FILTERS = {
  workspace_id: value(),
  project_id: value(),
  external_workspace_id: value(),
  external_user_id: value(),
  external_project_id: value(),
  state: value(),
  name: value(),
  slug: value(),
  tag: value(),
};

export type OwnedFilters = { readonly [K in keyof typeof OWNED_FILTERS]?: string | undefined };

const UUID_COLUMNS = ['workspace_id', 'project_id'] as const;
const TEXT_COLUMNS = ['external_workspace_id', 'external_user_id', 'external_project_id', 'state', 'name', 'slug'] as const;

/**
 * The filters as one condition over the columns of `table` (name or alias), all exact matches, `tag` against the array `tags`.
 * A value that no row can have (not a UUID, say) matches nothing: an unknown filter value is an empty list, never an error.
 */
export const ownedWhere = (table: string, filters: OwnedFilters): Expression<SqlBool> => {
  const terms: Expression<SqlBool>[] = [];
  for (const column of UUID_COLUMNS) {
    const wanted = filters[column];
    if (wanted === undefined) continue;
    terms.push(isUuid(wanted) ? sql<SqlBool>`${sql.ref(`${table}.${column}`)} = ${wanted}::uuid` : sql<SqlBool>`false`);
  }
  for (const column of TEXT_COLUMNS) {
    const wanted = filters[column];
    if (wanted !== undefined) terms.push(textEquals(`${table}.${column}`, wanted));
  }
  if (filters.tag !== undefined) {
    terms.push(sql<SqlBool>`${sql.ref(`${table}.tags`)} @> array[${filters.tag}]::text[]`);
  }
  return terms.length === 0 ? sql<SqlBool>`true` : sql<SqlBool>`${sql.join(terms, sql` and `)}`;
};

export const textEquals = (column: string, wanted: string): Expression<SqlBool> => sql<SqlBool>`${sql.ref(column)} = ${wanted}`;

/** Restricts to the workspaces an actor sees. */
export const visibleWhere = (column: string, visible: 'all' | readonly string[]): Expression<SqlBool> => {
  if (visible === 'all') return sql<SqlBool>`true`;
  return sql<SqlBool>`${sql.ref(column)} = any(${[...visible]}::uuid[])`;
};
