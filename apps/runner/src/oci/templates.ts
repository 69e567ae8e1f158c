import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, isSlug } from '@miosa/kernel';

const imageIn = (build: string): string[] => {
  try {
    const { image }: { image?: unknown } = JSON.parse(readFileSync(join(build, 'manifest.json'), 'utf8'));
    return typeof image === 'string' ? [image] : [];
  } catch {
    return []; // being replaced, or of an older make
  }
};

/** Built root file systems below `<dir>/<slug>/current/rootfs`; `current` names the newest build. */
export const templateStore = (dir: string) => {
  const path = (slug: string): string => join(dir, slug, 'current', 'rootfs');
  const list = (): string[] => (existsSync(dir) ? readdirSync(dir).filter((slug) => isSlug(slug) && existsSync(path(slug))) : []);
  return {
    /** The build that `current` names now. Throws NOT_FOUND. */
    resolve: (slug: string): string => {
      if (!isSlug(slug) || !existsSync(path(slug))) throw new Fault('NOT_FOUND', `There is no template '${slug}' on this host.`);
      return realpathSync(path(slug));
    },
    list,
    /** Names of images that the operator imported, in full, each with its template. */
    images: (): Record<string, string> =>
      Object.fromEntries(list().flatMap((slug) => imageIn(join(dir, slug, 'current')).map((name) => [name, slug]))),
  };
};
