import { readFileSync } from 'node:fs';
import { Miosa, type Sandbox } from '@miosa/sdk';

export interface Target {
  readonly apiUrl: string;
  readonly apiKey: string;
  /** Path of the CA certificate. */
  readonly ca: string;
}

/** As users have it, but for retries, which would hide a failure in a time. */
export const clientOf = (target: Target): Miosa =>
  new Miosa({ apiKey: target.apiKey, baseUrl: target.apiUrl, ca: target.ca, maxRetries: 0 });

export const caOf = (target: Target): Buffer => readFileSync(target.ca);

export const createAndExec = async (miosa: Miosa): Promise<Sandbox> => {
  const sandbox = await miosa.sandboxes.create({});
  const { exitCode } = await sandbox.exec(['/bin/true']);
  if (exitCode !== 0) throw new Error(`the first command ended with ${exitCode}`);
  return sandbox;
};

/** `action` for each item, at most `atOnce` at a time. */
export const inParallel = async <T>(items: readonly T[], atOnce: number, action: (item: T) => Promise<unknown>): Promise<void> => {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

export const destroyAll = (sandboxes: readonly Sandbox[]): Promise<void> => inParallel(sandboxes, 16, (sandbox) => sandbox.destroy());
