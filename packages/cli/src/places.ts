import type { Member, Miosa } from '@miosa/sdk';
import { Argument, type Command, Option } from 'commander';
import { UserError } from './failure.ts';
import { isUuid, workspaceId } from './names.ts';
import type { Acting } from './session.ts';

export const ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export const roleArgument = (): Argument => new Argument('<role>', 'its role').choices(ROLES);

export const withRole = (command: Command): Command =>
  command.addOption(new Option('--role <role>', 'its role').choices(ROLES).default('member'));

export interface PlaceOptions {
  readonly workspace?: string;
}

export const withWorkspace = (command: Command): Command =>
  command.option('--workspace <id or slug>', 'in this workspace; else in the organization');

/** Where somebody is a member: the organization, or one workspace of it. Both have the same calls. */
export interface Place {
  readonly id: string;
  readonly members: Miosa['tenants']['members'];
  readonly invites: Miosa['tenants']['invites'];
  /** For messages. */
  readonly title: string;
}

export const placeOf = async ({ miosa, tenant }: Acting, { workspace }: PlaceOptions): Promise<Place> => {
  if (workspace === undefined) {
    const { members, invites } = miosa.tenants;
    return { id: tenant.id, members, invites, title: tenant.name || tenant.slug };
  }
  const { members, invites } = miosa.workspaces;
  return { id: await workspaceId(miosa, workspace), members, invites, title: `the workspace ${workspace}` };
};

/** Of the members of `place`: by id, or by e-mail address. Oneself is known without a look at the list, which only admins may have. */
export const memberId = async ({ userId, email }: Acting, place: Place, text: string): Promise<string> => {
  if (isUuid(text)) return text;
  const address = text.toLowerCase();
  if (address === email.toLowerCase()) return userId;
  const found = (await place.members.list(place.id, { limit: 100 }).all()).find((one: Member) => one.email.toLowerCase() === address);
  if (found === undefined)
    throw new UserError(`${text} is no member of ${place.title}. See "miosa members ls", or invite: "miosa members invite".`);
  return found.userId;
};
