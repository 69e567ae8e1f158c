import { Fault, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import type { DeploymentRow, VersionRow } from '../types.ts';

export interface Rollout {
  /** The version is live: instances of others leave, after they have answered what they are answering. */
  settled(): Promise<void>;
  /** It is not going to be live: its instances go. */
  undo(): Promise<void>;
}

/** Starts as many instances of the version as the deployment wants, and resolves when they are healthy. @throws Fault why they never were. */
export const rollOut = async (_op: Op, _core: Core, _deployment: DeploymentRow, _version: VersionRow): Promise<Rollout> => {
  throw new Fault('UNAVAILABLE', 'Apps that run a server cannot be published on this installation yet.');
};
