const NOBODY = 65_534;

/** Of a process that has opened its low ports: it goes on as a user without rights. */
export const dropRights = (): void => {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
};
