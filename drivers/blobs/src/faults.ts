import { Fault } from '@miosa/kernel';

export const missing = (): Fault => new Fault('NOT_FOUND', 'There is no such content.');

export const damaged = (key: string): Fault =>
  new Fault('INTERNAL', 'The content is damaged.', { internal: `the bytes under ${key} have another hash` });

export const away = (internal: string): Fault =>
  new Fault('UNAVAILABLE', 'The store of contents cannot be reached. Try again.', { internal });

export const full = (internal: string): Fault =>
  new Fault(
    'STORAGE_FULL',
    'The store of contents has no room left. Delete deployments that are no longer needed, or ask the operator for space.',
    {
      internal,
    },
  );

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** What the system said, as a caller can act on it. Throws; for `catch`. */
export const ofSystem = (error: unknown): never => {
  const code = codeOf(error);
  if (error instanceof Fault || code === undefined) throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT') throw full(String(error));
  throw away(String(error));
};
