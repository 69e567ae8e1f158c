import { type Op, SIZES, type SizeName, tenantOf } from '@miosa/kernel';
import type { RuntimeCapabilities } from '@miosa/runtime';
import type { Static } from 'typebox';
import type { Core } from '../deps.ts';
import { iso, isoOrNull } from '../render.ts';
import { builtIn, DEFAULT_SIZE, WORKDIR } from './builtin.ts';
import type { Build, Template } from './schemas.ts';
import type { BuildRow, TemplateRow } from './store.ts';

type Wire = Static<typeof Template>;

const sizes = (state: Wire['sizes'][number]['state']): Wire['sizes'] => (Object.keys(SIZES) as SizeName[]).map((size) => ({ size, state }));

const NOBODYS = {
  tenant_id: null,
  workspace_id: null,
  workspace_slug: null,
  workspace_name: null,
  project_id: null,
  project_slug: null,
  project_name: null,
  external_workspace_id: null,
  external_user_id: null,
  external_project_id: null,
  owner_user_id: null,
};

export const renderBuiltIn = (slug: string, { warm }: RuntimeCapabilities): Wire => {
  const { name, description, previewPort, installedTools } = builtIn(slug);
  return {
    id: slug,
    slug,
    name,
    description,
    ...NOBODYS,
    product: 'sandbox',
    source: 'builtin',
    default_size: DEFAULT_SIZE,
    workdir: WORKDIR,
    preview_port: previewPort,
    install_command: null,
    start_command: null,
    readiness_probe: null,
    installed_tools: [...installedTools],
    build_spec: null,
    state: 'ready',
    // One machine booted ahead serves every size.
    sizes: sizes((warm?.[slug] ?? 0) > 0 ? 'fast_ready' : 'cold_boot_only'),
    created_at: null,
    updated_at: null,
  };
};

export const renderTemplates = async (op: Op, core: Core, rows: readonly TemplateRow[]): Promise<Wire[]> => {
  if (rows.length === 0) return [];
  const echoes = await core.tenancy.ownershipOf(core.db.read, tenantOf(op), [...new Set(rows.map((row) => row.project_id))]);
  return rows.map((row) => {
    const echo = echoes.get(row.project_id);
    const spec = row.ready_spec ?? row.build_spec;
    return {
      id: row.id,
      slug: row.slug,
      name: row.name,
      description: row.description,
      tenant_id: row.tenant_id,
      workspace_id: row.workspace_id,
      workspace_slug: echo?.workspaceSlug ?? null,
      workspace_name: echo?.workspaceName ?? null,
      project_id: row.project_id,
      project_slug: echo?.projectSlug ?? null,
      project_name: echo?.projectName ?? null,
      external_workspace_id: row.external_workspace_id,
      external_user_id: row.external_user_id,
      external_project_id: row.external_project_id,
      owner_user_id: row.owner_user_id,
      product: 'sandbox' as const,
      source: 'custom' as const,
      default_size: DEFAULT_SIZE,
      workdir: spec.workdir ?? WORKDIR,
      preview_port: spec.preview_port ?? null,
      install_command: null,
      start_command: spec.start_command ?? null,
      readiness_probe: spec.readiness_probe ?? null,
      installed_tools: [],
      build_spec: row.build_spec,
      state: row.state,
      sizes: sizes(row.snapshot_id === null ? 'missing' : 'cold_boot_only'),
      created_at: iso(row.created_at),
      updated_at: iso(row.updated_at),
    };
  });
};

export const renderBuild = (row: BuildRow): Static<typeof Build> => ({
  id: row.id,
  template_id: row.template_id,
  state: row.state,
  error: row.error,
  triggered_by: row.triggered_by,
  created_at: iso(row.created_at),
  started_at: isoOrNull(row.started_at),
  finished_at: isoOrNull(row.finished_at),
  duration_ms: row.started_at === null || row.finished_at === null ? null : row.finished_at.getTime() - row.started_at.getTime(),
});
