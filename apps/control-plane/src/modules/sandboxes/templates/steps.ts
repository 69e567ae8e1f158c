import { posix } from 'node:path';
import { WORKDIR } from './builtin.ts';
import type { BuildSpec } from './spec.ts';

/** One command of a build. */
export interface Step {
  readonly title: string;
  readonly command: string | string[];
  readonly stdin?: string | undefined;
  readonly user: 'sandbox' | 'root';
  readonly cwd?: string | undefined;
  readonly env?: Record<string, string> | undefined;
}

const HOME = '/home/sandbox';
const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

type File = NonNullable<BuildSpec['files']>[number];

/** Files of the user, written as such; the others are root's. */
export const filesOf = (spec: BuildSpec): { readonly user: readonly File[]; readonly root: readonly File[] } => {
  const files = (spec.files ?? []).map(({ path, content }) => ({ path: posix.resolve(WORKDIR, path), content }));
  const isUsers = ({ path }: File): boolean => isBelow(path, WORKDIR) || isBelow(path, HOME);
  return { user: files.filter(isUsers), root: files.filter((file) => !isUsers(file)) };
};

const fileStep = ({ path, content }: File): Step => ({
  title: `File ${path}`,
  command: ['/usr/bin/install', '-D', '-m', '0644', '/dev/stdin', path],
  stdin: content,
  user: 'root',
  cwd: '/',
});

const packageSteps = (packages: readonly string[]): Step[] => {
  if (packages.length === 0) return [];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  return [
    { title: 'Package lists', command: ['apt-get', '-q', 'update'], user: 'root', cwd: '/', env },
    {
      title: `Packages ${packages.join(' ')}`,
      command: ['apt-get', '-q', '-y', '--no-install-recommends', 'install', '--', ...packages],
      user: 'root',
      cwd: '/',
      env,
    },
  ];
};

/** The commands of a build in the order in which they run; the first that fails ends it. */
export const stepsOf = (spec: BuildSpec): Step[] => [
  ...filesOf(spec).root.map(fileStep),
  ...packageSteps(spec.packages ?? []),
  ...(spec.run ?? []).map((command) => ({
    title: `Run ${command.split('\n')[0]?.slice(0, 200)}`,
    command,
    user: spec.user ?? ('sandbox' as const),
    cwd: spec.workdir,
  })),
];
