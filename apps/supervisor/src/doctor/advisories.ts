/** Known weaknesses of the runtimes, from their public advisories. `fixed` lists the first good release of each line; newest line last. */
export interface Advisory {
  readonly tool: 'runc' | 'crun';
  readonly id: string;
  readonly what: string;
  readonly fixed: readonly string[];
  /** Distribution builds with the fix under an older number. */
  readonly patched: readonly string[];
}

const ADVISORIES: readonly Advisory[] = [
  {
    tool: 'runc',
    id: 'CVE-2024-21626',
    what: 'a leaked descriptor of the host lets a container escape by its working directory',
    fixed: ['1.1.12'],
    patched: ['1.1.5+ds1-1+deb12u1'],
  },
  {
    tool: 'runc',
    id: 'CVE-2024-45310',
    what: 'empty files can be made on the host through a swapped volume',
    fixed: ['1.1.14'],
    patched: [],
  },
  {
    tool: 'runc',
    id: 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881',
    what: 'masked paths and /dev/console can be swapped while a container starts',
    fixed: ['1.2.8', '1.3.3', '1.4.0'],
    patched: [],
  },
  { tool: 'crun', id: 'CVE-2022-27650', what: 'exec gives inheritable capabilities away', fixed: ['1.4.4'], patched: [] },
  {
    tool: 'crun',
    id: 'CVE-2025-24965',
    what: 'the krun handler follows links out of the root file system (not used here)',
    fixed: ['1.20'],
    patched: ['1.8.1-1+deb12u1'],
  },
];

const parts = (version: string): number[] =>
  version
    .split(/[^0-9]+/)
    .slice(0, 3)
    .map(Number);

/** -1, 0 or 1 by the first three numbers. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
};

const isFixed = (version: string, { fixed }: Advisory): boolean => {
  const [major, minor] = parts(version);
  const sameLine = fixed.find((candidate) => parts(candidate)[0] === major && parts(candidate)[1] === minor);
  const newest = fixed[fixed.length - 1];
  return compareVersions(version, sameLine ?? newest ?? version) >= 0;
};

/** Advisories that hold for a version; `packaged` is the distribution's full version string, if known. */
export const advisoriesFor = (tool: Advisory['tool'], version: string, packaged: string | null): readonly Advisory[] =>
  ADVISORIES.filter(
    (advisory) => advisory.tool === tool && !isFixed(version, advisory) && !(packaged !== null && advisory.patched.includes(packaged)),
  );
