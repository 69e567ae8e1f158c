import type { Tier } from './tier.ts';

/** The kernel's own walls: namespaces, a user namespace above all, seccomp, cgroups. */
export const containerTier = (runtime: string): Tier => ({
  isolation: 'container',
  runtime,
  runtimeFlags: ['--cgroup-manager=disabled'],
  hideDirs: [],
  relayed: false,
  adapt: (spec) => spec,
});
