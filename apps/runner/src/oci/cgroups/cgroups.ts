/** Limits of one sandbox. */
export interface Limits {
  readonly cpuCount: number;
  readonly memoryMiB: number;
  readonly pidsMax: number;
}

export interface CgroupUsage {
  readonly cpuUsageUsec: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** The one face of both cgroup versions. A sandbox's cgroups are named by its id, below one parent a platform installation. */
export interface Cgroups {
  /** Makes the cgroups and says how the launch helper puts a process into them. */
  create(
    id: string,
    limits: Limits,
  ): { readonly cgroupTasks: readonly string[]; readonly cgroupDir: string; readonly hideCgroup2: boolean };
  /** Throws EBUSY where the kernel cannot take the memory back. */
  setLimits(id: string, limits: Limits): void;
  has(id: string): boolean;
  /** Memory that cannot be taken back from it, or from all together: without what is only a copy of a file. */
  heldBytes(id?: string): number;
  setFrozen(id: string, frozen: boolean): Promise<void>;
  isFrozen(id: string): boolean;
  usage(id: string): CgroupUsage;
  /** Kills what is left inside and removes them. Absent ones are fine. */
  remove(id: string): Promise<void>;
  /** Ids that have cgroups now. */
  list(): readonly string[];
  /** Removes the parent. */
  close(): Promise<void>;
}
