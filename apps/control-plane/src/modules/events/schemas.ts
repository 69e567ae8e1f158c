import { PAGE_QUERY } from '@miosa/http';
import { Type } from 'typebox';

const text = () => Type.Union([Type.String(), Type.Null()]);
const filter = () => Type.Optional(Type.String({ maxLength: 255 }));
const time = () => Type.Optional(Type.String({ format: 'date-time' }));

export const Event = Type.Object(
  {
    id: Type.String({ description: 'Sorted: a later event has a greater id' }),
    type: Type.String({ description: 'e.g. sandbox.created' }),
    created_at: Type.String({ format: 'date-time' }),
    tenant_id: Type.String(),
    workspace_id: text(),
    project_id: text(),
    external_workspace_id: text(),
    external_user_id: text(),
    external_project_id: text(),
    actor: Type.Union([Type.Object({ type: Type.String(), id: Type.String(), name: Type.String() }), Type.Null()]),
    resource: Type.Object({ type: Type.String(), id: Type.String() }),
    data: Type.Unsafe<Record<string, unknown>>({ type: 'object', description: 'The object after the change' }),
  },
  { $id: 'Event' },
);

/** Words of a type, perhaps with `.*` at the end, or `*`; separated by commas. */
const PATTERN = '(\\*|[a-z_]{1,40}(\\.[a-z_]{1,40}){0,3}(\\.\\*)?)';

const FILTERS = {
  types: Type.Optional(
    Type.String({
      maxLength: 1000,
      pattern: `^ *${PATTERN}( *, *${PATTERN}){0,49} *$`,
      description: 'Types or families, separated by commas: `sandbox.*,workspace.created`',
    }),
  ),
  workspace_id: filter(),
  project_id: filter(),
  external_workspace_id: filter(),
  external_user_id: filter(),
  external_project_id: filter(),
};

export const EventQuery = Type.Object({ ...PAGE_QUERY, ...FILTERS, since: time(), until: time() });
/** A ticket in the address is taken by the kit (contract 1.9). */
export const EventStreamQuery = Type.Object(FILTERS);
