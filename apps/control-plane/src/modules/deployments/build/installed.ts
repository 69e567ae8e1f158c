import type { BuildStep } from './detect/plan.ts';
import type { Command } from './steps.ts';

/** As `make` does it: what stands for the installation is there, and nothing that it was made of is younger. */
const BY_TIME = 'marker=$1; shift; [ -e "$marker" ] || exit 1; for source; do [ "$source" -nt "$marker" ] && exit 1; done; exit 0';

/**
 * By what npm has noted of its installation: every package of the lockfile, but those for other systems, is there in that version. Archives and
 * checkouts do not keep times. `package.json` asks for nothing that the lockfile does not know.
 */
const BY_LOCKFILE = `
const { readFileSync } = require('node:fs');
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const [lockfile, marker] = process.argv.slice(1);
const [wanted, there, manifest] = [read(lockfile).packages, read(marker).packages, read('package.json')];
const same = (path) => there[path] !== undefined && there[path].version === wanted[path].version && there[path].integrity === wanted[path].integrity;
const isKept = (path) => path === '' || wanted[path].optional === true || wanted[path].devOptional === true || same(path);
const asked = (json, kind) => JSON.stringify(Object.entries(json[kind] ?? {}).sort());
const agrees = ['dependencies', 'devDependencies'].every((kind) => asked(manifest, kind) === asked(wanted[''] ?? {}, kind));
process.exit(agrees && Object.keys(wanted).every(isKept) ? 0 : 1);
`;

/** Commands of which one that succeeds says that the step need not run, with what is said then. */
export const checksOf = ({ unless }: BuildStep): readonly { readonly command: Command['command']; readonly said: string }[] => {
  if (unless === undefined) return [];
  const { marker, sources, lockfile } = unless;
  const byTime = { command: ['/bin/sh', '-c', BY_TIME, 'sh', marker, ...sources], said: `${marker} is as new as ${sources.join(' and ')}` };
  if (lockfile === undefined) return [byTime];
  return [byTime, { command: ['node', '-e', BY_LOCKFILE, lockfile, marker], said: `${marker} holds what ${lockfile} asks for` }];
};
