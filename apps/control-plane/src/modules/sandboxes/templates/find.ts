import { Fault, isId, notFound, type Op } from '@miosa/kernel';
import type { RuntimeCapabilities } from '@miosa/runtime';
import type { Core } from '../deps.ts';
import { type Origin, originOf } from '../snapshots/origin.ts';
import { findSnapshot } from '../snapshots/store.ts';
import { findAny } from '../store.ts';
import type { ReadinessProbe } from '../types.ts';
import { visibilityOf } from '../visibility.ts';
import type { BuildSpec } from './spec.ts';
import { findVisibleTemplate, type TemplateRow } from './store.ts';

/** What a sandbox is made from: a template of the host by its slug, or one of the organization with the files it was built to. */
export type Base =
  | { readonly kind: 'built_in'; readonly slug: string }
  | { readonly kind: 'custom'; readonly template: TemplateRow; readonly origin: Origin; readonly spec: BuildSpec };

export const getTemplate = async (op: Op, core: Core, name: string): Promise<TemplateRow> => {
  const row = await findVisibleTemplate(core.db.read, await visibilityOf(op, core), name);
  if (row === undefined) throw notFound();
  return row;
};

const notReady = ({ state, id }: TemplateRow): Fault =>
  new Fault('CONFLICT', `The template is ${state}: it has no files yet.`, { details: { template_id: id, state } });

/** By id or slug. 404 for one the caller does not see, 409 while it has never been built. */
export const baseOf = async (op: Op, core: Core, name: string, capabilities: RuntimeCapabilities): Promise<Base> => {
  if (capabilities.templates.includes(name)) return { kind: 'built_in', slug: name };
  const template = await getTemplate(op, core, name);
  const { snapshot_id, ready_spec: spec } = template;
  if (snapshot_id === null || spec === null) throw notReady(template);
  const snapshot = await findSnapshot(core.db.read, snapshot_id);
  const source = snapshot === undefined ? undefined : await findAny(core.db.read, snapshot.sandbox_id);
  if (snapshot?.state !== 'ready' || source === undefined)
    throw new Fault('UNAVAILABLE', 'The host no longer has the files of this template. Build it again.', {
      details: { template_id: template.id },
    });
  return { kind: 'custom', template, origin: { snapshot, source }, spec };
};

export const idOf = (base: Base): string => (base.kind === 'custom' ? base.template.id : base.slug);

/** What it is to be built from is there, and the caller may use it. */
export const checkFrom = async (op: Op, core: Core, { from }: BuildSpec): Promise<void> => {
  if (isId('snp', from)) await originOf(op, core, from);
  else await baseOf(op, core, from, await core.capabilities());
};

interface Defaults {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly preview_port?: number | undefined;
  readonly start_command?: string | undefined;
  readonly readiness_probe?: ReadinessProbe | null | undefined;
}

/** What a template says of the sandboxes made from it: the request's own words win. */
export const defaultsOf = (spec: BuildSpec, asked: Defaults, { bare = false }: { readonly bare?: boolean }): Defaults => ({
  env: { ...spec.env, ...asked.env },
  preview_port: asked.preview_port ?? spec.preview_port,
  ...(bare || asked.start_command !== undefined
    ? {}
    : {
        start_command: spec.start_command,
        readiness_probe: asked.readiness_probe === undefined ? spec.readiness_probe : asked.readiness_probe,
      }),
});
