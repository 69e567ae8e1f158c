import { SIZES, type SizeName } from '@miosa/kernel';
import type { Ownership } from '../../tenancy/index.ts';
import type { Core } from '../deps.ts';
import { type CreateDefaults, createDefaults } from '../store.ts';

const first = (name: string, ...settings: readonly object[]): unknown =>
  settings.map((one) => (one as Readonly<Record<string, unknown>>)[name]).find((value) => value !== undefined && value !== null);

/**
 * What a new sandbox of the project has where its request does not say. The settings came with the project's place; only the plan of the
 * organization, where it matters, has to be asked for.
 */
export const defaultsFor = async (core: Core, ownership: Ownership, needsPlan: boolean): Promise<CreateDefaults> => {
  const { settings, projectId } = ownership;
  if (settings === undefined || needsPlan) return createDefaults(core.db.read, projectId);
  const size = first('default_sandbox_size', settings.project, settings.workspace);
  const idle = first('idle_timeout_sec', settings.project, settings.workspace);
  return {
    plan: null,
    size: typeof size === 'string' && size in SIZES ? (size as SizeName) : null,
    idleTimeoutSec: idle === undefined ? null : Number(idle),
  };
};
