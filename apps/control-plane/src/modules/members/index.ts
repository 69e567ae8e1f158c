import type { Route } from '@miosa/http';
import type { MembersDeps } from './core.ts';
import { inviteRoutes } from './invites.routes.ts';
import { memberRoutes } from './members.routes.ts';
import { organizationRoutes } from './organizations.routes.ts';
import { workspaceMemberRoutes } from './workspace-members.routes.ts';

export type { MembersDeps } from './core.ts';
export type { Registration } from './types.ts';

/** Who belongs to which organization and workspace, and how people come in. */
export const membersRoutes = (deps: MembersDeps): Route[] => [
  ...organizationRoutes(deps),
  ...memberRoutes(deps),
  ...inviteRoutes(deps),
  ...workspaceMemberRoutes(deps),
];
