import { SIZES, type SizeName } from '@miosa/kernel';
import { Type } from 'typebox';
import { nullable, OWNED, oneOf, Probe } from '../schemas.ts';
import { BuildSpec } from './spec.ts';
import { TEMPLATE_STATES } from './store.ts';

const Ts = Type.String({ format: 'date-time' });
const Text = nullable(Type.String());
const SIZE_NAMES = Object.keys(SIZES) as SizeName[];

/** Contract 4.2; those that come with the installation belong to nobody. */
export const Template = Type.Object(
  {
    id: Type.String({ description: 'tpl_…; of those that come with the installation the slug' }),
    slug: Type.String(),
    name: Type.String(),
    description: Text,
    tenant_id: Text,
    workspace_id: Text,
    workspace_slug: Text,
    workspace_name: Text,
    project_id: Text,
    project_slug: Text,
    project_name: Text,
    external_workspace_id: Text,
    external_user_id: Text,
    external_project_id: Text,
    owner_user_id: OWNED.owner_user_id,
    product: oneOf(['sandbox', 'computer']),
    source: oneOf(['builtin', 'custom']),
    default_size: oneOf(SIZE_NAMES),
    workdir: Type.String(),
    preview_port: nullable(Type.Integer()),
    install_command: Text,
    start_command: Text,
    readiness_probe: nullable(Probe),
    installed_tools: Type.Array(Type.String()),
    build_spec: nullable(BuildSpec),
    state: oneOf(TEMPLATE_STATES, { description: 'ready stays ready while it is built again' }),
    sizes: Type.Array(Type.Object({ size: oneOf(SIZE_NAMES), state: oneOf(['fast_ready', 'cold_boot_only', 'missing']) })),
    created_at: nullable(Ts),
    updated_at: nullable(Ts),
  },
  { title: 'Template' },
);

export const Build = Type.Object(
  {
    id: Type.String(),
    template_id: Type.String(),
    state: oneOf(TEMPLATE_STATES),
    error: nullable(Type.String({ description: 'what ended it' })),
    triggered_by: Type.String(),
    created_at: Ts,
    started_at: nullable(Ts),
    finished_at: nullable(Ts),
    duration_ms: nullable(Type.Integer()),
  },
  { title: 'TemplateBuild' },
);
