import type { Miosa, Sandbox, SandboxCreate } from '@miosa/sdk';
import type { Books } from '../books.ts';

/** An operation as a customer calls it, on a sandbox made ready for it. */
export interface Operation {
  readonly name: string;
  /** Undefined for what makes its own sandbox. */
  readonly prepare?: (miosa: Miosa) => Promise<Prepared>;
  readonly run: (miosa: Miosa, prepared: Prepared | undefined, name: string) => Promise<unknown>;
  /** Where the sandbox may be at rest afterwards. */
  readonly ends: readonly string[];
  /** And where else, when the call was refused. */
  readonly endsRefused?: readonly string[];
}

export interface Prepared {
  readonly sandbox: Sandbox;
  readonly snapshotId?: string;
}

/** A policy of its own, so that there are rules on the host that could stay behind. */
const NETWORK: SandboxCreate['networkPolicy'] = { defaultEffect: 'allow', rules: [{ effect: 'deny', destination: '192.0.2.0/24' }] };
export const SHAPE = { size: 'xs', startCommand: 'sleep 5000', networkPolicy: NETWORK } satisfies SandboxCreate;
export const KEPT = 'kept.txt';

const made = async (miosa: Miosa): Promise<Prepared> => {
  const sandbox = await miosa.sandboxes.create(SHAPE);
  await sandbox.files.write(KEPT, sandbox.id);
  return { sandbox };
};
const paused = async (miosa: Miosa): Promise<Prepared> => {
  const prepared = await made(miosa);
  await prepared.sandbox.pause();
  return prepared;
};
const kept = async (miosa: Miosa): Promise<Prepared> => {
  const { sandbox } = await made(miosa);
  const { id } = await sandbox.snapshots.create();
  return { sandbox, snapshotId: id };
};
const idOf = (prepared: Prepared | undefined): string => {
  if (prepared === undefined) throw new Error('nothing was made ready');
  return prepared.sandbox.id;
};

export const operations = (books: Books): readonly Operation[] => [
  { name: 'create', run: (miosa, _, name) => miosa.sandboxes.create({ ...SHAPE, name }), ends: ['running', 'error'] },
  { name: 'fork', prepare: made, run: (miosa, of, name) => miosa.sandboxes.fork(idOf(of), { name }), ends: ['running'] },
  { name: 'pause', prepare: made, run: (miosa, of) => miosa.sandboxes.pause(idOf(of)), ends: ['running', 'paused'] },
  { name: 'resume', prepare: paused, run: (miosa, of) => miosa.sandboxes.resume(idOf(of)), ends: ['running'], endsRefused: ['paused'] },
  {
    name: 'hibernate',
    prepare: paused,
    run: (_, of) => books.pausedLongAgo(idOf(of)),
    ends: ['paused'],
  },
  { name: 'snapshot', prepare: made, run: (miosa, of) => miosa.sandboxes.snapshots.create(idOf(of)), ends: ['running'] },
  {
    name: 'restore',
    prepare: kept,
    run: (miosa, of) => miosa.sandboxes.restore(idOf(of), of?.snapshotId ?? '', { mode: 'in_place' }),
    ends: ['running'],
  },
  { name: 'destroy', prepare: made, run: (miosa, of) => miosa.sandboxes.destroy(idOf(of)), ends: ['destroyed'], endsRefused: ['running'] },
];
