import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The other side of `openFaultPoints`: sets traps, sees who was caught and lets go. */
export interface Points {
  readonly env: Readonly<Record<string, string>>;
  /** `<step>`, `<step>@<id>` or `<step>@<prefix of the id>`; the first `passing` that come by are let through. */
  trap(name: string, passing: number): void;
  held(): string[];
  /** Removes what was not reached and lets go who is held. */
  release(): void;
  /** Steps that `work` comes by, in order. */
  traced(work: () => Promise<unknown>): Promise<{ readonly step: string; readonly id: string }[]>;
  remove(): void;
}

export const openPoints = (): Points => {
  const folder = mkdtempSync('/var/tmp/miosa-points-');
  const place = (name: string): string => join(folder, name);
  for (const name of ['.', 'traps', 'held']) {
    mkdirSync(place(name), { recursive: true });
    chmodSync(place(name), 0o777); // the control plane has a user of its own
  }
  const empty = (name: string): void => {
    for (const entry of readdirSync(place(name))) rmSync(join(place(name), entry), { force: true });
  };
  return {
    env: { MIOSA_RUNNER_FAULT_POINTS: folder, MIOSA_CONTROL_PLANE_FAULT_POINTS: folder },
    trap: (name, passing) => {
      writeFileSync(join(place('traps'), name), String(passing));
      chmodSync(join(place('traps'), name), 0o666);
    },
    held: () => readdirSync(place('held')),
    release: () => {
      empty('traps');
      empty('held');
    },
    traced: async (work) => {
      writeFileSync(place('trace'), '');
      chmodSync(place('trace'), 0o666);
      try {
        await work();
        return readFileSync(place('trace'), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => ({ step: line.split(' ')[0] ?? '', id: line.split(' ')[1] ?? '' }));
      } finally {
        rmSync(place('trace'));
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
