import { setTimeout as sleep } from 'node:timers/promises';
import { type Miosa, MiosaError, type Sandbox } from '@miosa/sdk';
import { APP_PORT, appFiles } from './app.ts';

/** One of ClinicIQ's customers, as ClinicIQ's own database knows it. `workspaceId` is stored from the first create call on. */
export interface Clinic {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  workspaceId?: string;
}

export interface App {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly previewUrl: string | null;
}

export const view = (sandbox: Sandbox): App => ({
  id: sandbox.id,
  name: sandbox.name,
  state: sandbox.state,
  workspaceId: sandbox.workspaceId,
  projectId: sandbox.projectId,
  previewUrl: sandbox.previewUrl ?? null,
});

const untilListening = async (sandbox: Sandbox): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    if ((await sandbox.ports.list().all()).some((entry) => entry.port === APP_PORT)) return;
    await sleep(100);
  }
  throw new Error('The app did not start within 30 s.');
};

const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'app';

/** Creates the sandbox under the clinic's name, writes the app into it and starts it. The ids of MIOSA rule; the external ones are ours, for the bill. */
export const createApp = async (miosa: Miosa, clinic: Clinic, userId: string, name: string): Promise<App> => {
  const slug = slugOf(name);
  const workspace =
    clinic.workspaceId === undefined ? { workspaceSlug: clinic.slug, workspaceName: clinic.name } : { workspaceId: clinic.workspaceId };
  const sandbox = await miosa.sandboxes.create({
    ...workspace,
    name,
    projectSlug: slug,
    projectName: name,
    externalWorkspaceId: clinic.id,
    externalUserId: userId,
    externalProjectId: `project_${slug}`,
    previewPort: APP_PORT,
  });
  clinic.workspaceId = sandbox.workspaceId;
  await sandbox.files.writeMany(appFiles(clinic.name, name));
  await sandbox.processes.start(['node', 'server.mjs'], { name: 'dev-server' });
  await untilListening(sandbox);
  return view(sandbox);
};

/** A customer asks for an app by id: it must be theirs. To MIOSA every app of every clinic belongs to the one key. */
export const appOf = async (miosa: Miosa, clinic: Clinic, id: string): Promise<Sandbox | undefined> => {
  try {
    const sandbox = await miosa.sandboxes.get(id);
    return sandbox.externalWorkspaceId === clinic.id ? sandbox : undefined;
  } catch (error) {
    if (error instanceof MiosaError && error.status === 404) return undefined;
    throw error;
  }
};
