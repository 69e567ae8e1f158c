import type { Bound } from '../bind.ts';
import { boundObject } from '../boundObject.ts';
import { GoneError, NotFoundError } from '../errors.ts';
import type { Data } from '../wire.ts';
import type { commandsApi } from './commands.ts';
import type { execApi } from './exec.ts';
import type { filesApi } from './files.ts';
import type { networkPolicyApi } from './networkPolicy.ts';
import type { envApi, portsApi, previewsApi, sharesApi } from './previews.ts';
import type { processesApi } from './processes.ts';
import type { SandboxesApi } from './sandboxes.ts';
import type { snapshotsApi } from './snapshots.ts';
import type { terminalApi } from './terminal.ts';

export type SandboxData = Data<'sandboxes.get'>;

interface SandboxActions extends AsyncDisposable {
  readonly exec: Bound<ReturnType<typeof execApi>>;
  readonly commands: Bound<ReturnType<typeof commandsApi>>;
  readonly files: Bound<ReturnType<typeof filesApi>>;
  readonly processes: Bound<ReturnType<typeof processesApi>>;
  readonly terminal: Bound<ReturnType<typeof terminalApi>>;
  readonly ports: Bound<ReturnType<typeof portsApi>>;
  readonly previews: Bound<ReturnType<typeof previewsApi>>;
  readonly shares: Bound<ReturnType<typeof sharesApi>>;
  readonly snapshots: Bound<ReturnType<typeof snapshotsApi>>;
  readonly env: Bound<ReturnType<typeof envApi>>;
  readonly networkPolicy: Bound<ReturnType<typeof networkPolicyApi>>;
  /** The same sandbox as it is now. */
  refresh(): Promise<Sandbox>;
  update: Bound<SandboxesApi['update']>;
  extend: Bound<SandboxesApi['extend']>;
  pause: Bound<SandboxesApi['pause']>;
  resume: Bound<SandboxesApi['resume']>;
  destroy: Bound<SandboxesApi['destroy']>;
  readiness: Bound<SandboxesApi['readiness']>;
  usage: Bound<SandboxesApi['usage']>;
  metrics: Bound<SandboxesApi['metrics']>;
  logs: Bound<SandboxesApi['logs']>;
  events: Bound<SandboxesApi['events']>;
  expose: Bound<SandboxesApi['expose']>;
  previewToken: Bound<SandboxesApi['previewToken']>;
  tunnel: Bound<SandboxesApi['tunnel']>;
  fork: Bound<SandboxesApi['fork']>;
  restore: Bound<SandboxesApi['restore']>;
  deploy: Bound<SandboxesApi['deploy']>;
}

/**
 * A sandbox as it was when the call answered, with what can be done to it. Fields never change by themselves: `refresh`, `pause` … return a new object.
 * `await using` destroys it at the end of the block.
 */
export type Sandbox = Readonly<SandboxData> & SandboxActions;

type Facet =
  | 'exec'
  | 'commands'
  | 'files'
  | 'processes'
  | 'terminal'
  | 'ports'
  | 'previews'
  | 'shares'
  | 'snapshots'
  | 'env'
  | 'networkPolicy';
type Verb =
  | 'update'
  | 'extend'
  | 'pause'
  | 'resume'
  | 'destroy'
  | 'readiness'
  | 'usage'
  | 'metrics'
  | 'logs'
  | 'events'
  | 'expose'
  | 'previewToken'
  | 'tunnel'
  | 'fork'
  | 'restore'
  | 'deploy';
const FACETS: readonly Facet[] = [
  'exec',
  'commands',
  'files',
  'processes',
  'terminal',
  'ports',
  'previews',
  'shares',
  'snapshots',
  'env',
  'networkPolicy',
];
const VERBS: readonly Verb[] = [
  'update',
  'extend',
  'pause',
  'resume',
  'destroy',
  'readiness',
  'usage',
  'metrics',
  'logs',
  'events',
  'expose',
  'previewToken',
  'tunnel',
  'fork',
  'restore',
  'deploy',
];

class SandboxObject extends boundObject<SandboxesApi, SandboxData, Sandbox>([...FACETS, ...VERBS]) {
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.api.destroy((this as unknown as SandboxData).id);
    } catch (error) {
      if (!(error instanceof NotFoundError || error instanceof GoneError)) throw error;
    }
  }
}

export const sandboxOf = (api: SandboxesApi, data: SandboxData): Sandbox => new SandboxObject(api, data) as unknown as Sandbox;
