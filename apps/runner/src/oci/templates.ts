import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, isSlug } from '@miosa/kernel';

/** Built root file systems below `<dir>/<slug>/current/rootfs`; `current` names the newest build. */
export const templateStore = (dir: string) => {
  const path = (slug: string): string => join(dir, slug, 'current', 'rootfs');
  return {
    /** The build that `current` names now. Throws NOT_FOUND. */
    resolve: (slug: string): string => {
      if (!isSlug(slug) || !existsSync(path(slug))) throw new Fault('NOT_FOUND', `There is no template '${slug}' on this host.`);
      return realpathSync(path(slug));
    },
    list: (): string[] => (existsSync(dir) ? readdirSync(dir).filter((slug) => isSlug(slug) && existsSync(path(slug))) : []),
  };
};
