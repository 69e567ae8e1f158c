import type { Deployment, List, Miosa, Sandbox } from '@miosa/sdk';
import { UserError } from './failure.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => UUID.test(text);

interface Named {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/** By slug, else by name. Several of one name are an error: acting on the wrong one cannot be undone. */
const find = async <T extends Named>(
  noun: string,
  text: string,
  listBy: (filter: { slug: string } | { name: string }) => List<T>,
): Promise<T> => {
  for (const filter of [{ slug: text }, { name: text }]) {
    const { items } = await listBy(filter).page();
    const [first, second] = items;
    if (first === undefined) continue;
    if (second === undefined) return first;
    throw new UserError(`${items.length} ${noun}s are called "${text}". Use one of the ids: ${items.map((item) => item.id).join(', ')}`);
  }
  throw new UserError(`There is no ${noun} "${text}". See "miosa ${noun} ls".`);
};

export const sandboxId = async (miosa: Miosa, text: string): Promise<string> =>
  text.startsWith('sbx_') ? text : (await find<Sandbox>('sandbox', text, (filter) => miosa.sandboxes.list({ ...filter, limit: 5 }))).id;

export const deploymentId = async (miosa: Miosa, text: string): Promise<string> =>
  text.startsWith('dep_')
    ? text
    : (await find<Deployment>('deployment', text, (filter) => miosa.deployments.list({ ...filter, limit: 5 }))).id;

export const workspaceId = async (miosa: Miosa, text: string): Promise<string> =>
  UUID.test(text) ? text : (await find('workspace', text, (filter) => miosa.workspaces.list({ ...filter, limit: 5 }))).id;

export const projectId = async (miosa: Miosa, text: string): Promise<string> =>
  UUID.test(text) ? text : (await find('project', text, (filter) => miosa.projects.list({ ...filter, limit: 5 }))).id;

/** Selectors of a create call: a UUID is an id, anything else a slug (made when it does not exist yet). */
export const ownership = (workspace: string | undefined, project: string | undefined): Record<string, string> => ({
  ...(workspace === undefined ? {} : { [UUID.test(workspace) ? 'workspaceId' : 'workspaceSlug']: workspace }),
  ...(project === undefined ? {} : { [UUID.test(project) ? 'projectId' : 'projectSlug']: project }),
});
