import type { Deployment, Miosa, UploadFile } from '@miosa/sdk';
import { filesOf, SERVER, siteOf } from '../published.ts';

/** A deployment made ready for an operation. */
export interface Ready {
  readonly deployment: Deployment;
  /** What visitors see before, and once the operation is carried out; undefined: nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** An operation as a customer calls it. */
export interface DeploymentOperation {
  readonly name: string;
  readonly prepare: (miosa: Miosa, name: string) => Promise<Ready>;
  readonly run: (miosa: Miosa, ready: Ready) => Promise<unknown>;
}

const create = (miosa: Miosa, name: string): Promise<Deployment> =>
  miosa.deployments.create({ name, sourceType: 'upload', externalWorkspaceId: 'clinic', size: 'xs' });

export const page = (title: string): string => `<h1>${title}</h1>`;
const publishSite = (miosa: Miosa, { id }: Deployment, title: string) => miosa.deployments.versions.upload(id, siteOf(title));

const app: readonly UploadFile[] = filesOf({ 'server.js': SERVER });
/** Built, too, if only by a command that says so. */
const publishApp = (miosa: Miosa, { id }: Deployment, text: string) =>
  miosa.deployments.versions.upload(id, app, {
    kind: 'dynamic',
    buildCommand: 'echo built > built.txt',
    runCommand: `node server.js ${text}`,
    port: 8080,
  });

/** Texts of their own, since contents that were published before take other steps. */
const withSite = async (miosa: Miosa, name: string): Promise<Ready> => {
  const deployment = await create(miosa, name);
  await publishSite(miosa, deployment, `one ${name}`);
  return { deployment, before: page(`one ${name}`), after: page(`two ${name}`) };
};
const withApp = async (miosa: Miosa, name: string): Promise<Ready> => {
  const deployment = await create(miosa, name);
  await publishApp(miosa, deployment, 'one');
  return { deployment, before: 'one', after: 'two' };
};

export const DEPLOYMENT_OPERATIONS: readonly DeploymentOperation[] = [
  {
    name: 'first publish',
    prepare: async (miosa, name) => ({ deployment: await create(miosa, name), before: undefined, after: page(`two ${name}`) }),
    run: (miosa, { deployment }) => publishSite(miosa, deployment, `two ${deployment.name}`),
  },
  {
    name: 'publish of a site',
    prepare: withSite,
    run: (miosa, { deployment }) => publishSite(miosa, deployment, `two ${deployment.name}`),
  },
  { name: 'publish of an app', prepare: withApp, run: (miosa, { deployment }) => publishApp(miosa, deployment, 'two') },
  {
    name: 'rollback',
    prepare: async (miosa, name) => {
      const { deployment } = await withApp(miosa, name);
      await publishApp(miosa, deployment, 'two');
      return { deployment, before: 'two', after: 'one' };
    },
    run: (miosa, { deployment }) => miosa.deployments.rollback(deployment.id),
  },
  {
    name: 'delete',
    prepare: async (miosa, name) => ({ ...(await withApp(miosa, name)), after: undefined }),
    run: (miosa, { deployment }) => miosa.deployments.delete(deployment.id),
  },
];

/** Whatever became of it, it can be published. */
export const publishAgain = (miosa: Miosa, deployment: Deployment): Promise<unknown> => publishSite(miosa, deployment, 'again');
