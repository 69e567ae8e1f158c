import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isSlug } from '@miosa/kernel';

/** `manifest.json` beside the files of an imported image. */
export interface Manifest {
  readonly slug: string;
  /** Of the build, as every template has it. */
  readonly hash: string;
  /** The image by its name in a registry, in full; null when it came from a file and the operator gave none. */
  readonly image: string | null;
  readonly digest: string;
  readonly size_bytes: number;
  readonly entries: number;
  readonly built_at: string;
}

export const templatesIn = (cache: string): string => join(cache, 'templates');

const manifestOf = (cache: string, slug: string): Partial<Manifest> | undefined => {
  try {
    return JSON.parse(readFileSync(join(templatesIn(cache), slug, 'current/manifest.json'), 'utf8'));
  } catch {
    return undefined;
  }
};

export const importedOf = (cache: string, slug: string): Manifest | undefined => {
  const found = isSlug(slug) ? manifestOf(cache, slug) : undefined;
  return found?.digest === undefined ? undefined : (found as Manifest);
};

export const imported = (cache: string): Manifest[] =>
  (existsSync(templatesIn(cache)) ? readdirSync(templatesIn(cache)).sort() : []).flatMap((slug) => importedOf(cache, slug) ?? []);

/** Throws for what is no name of a template, or the name of one that is built otherwise. */
export const checkSlug = (cache: string, slug: string): void => {
  if (!isSlug(slug)) throw new Error(`'${slug}' cannot name a template: lower-case letters, digits and hyphens, at most 63.`);
  if (slug === 'miosa-sandbox' || (manifestOf(cache, slug) !== undefined && importedOf(cache, slug) === undefined))
    throw new Error(`'${slug}' is a template that MIOSA builds itself. Choose another name.`);
};

/** `current` is replaced in one rename, so a reader never misses it. */
export const pointTo = (home: string, build: string): void => {
  const link = join(home, `.current-${process.pid}`);
  rmSync(link, { force: true });
  symlinkSync(build, link);
  renameSync(link, join(home, 'current'));
};

/** Sandboxes and snapshots of the platform at `data` whose files lie on a build of this template. */
export const usersOf = (cache: string, data: string, slug: string): string[] => {
  const home = `${realpathSync(join(templatesIn(cache), slug))}/`;
  return ['sandboxes', 'snapshots'].flatMap((kind) => {
    const folder = join(data, 'runner', kind);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .filter((name) => {
        const { rootfs }: { rootfs?: unknown } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
        return typeof rootfs === 'string' && rootfs.startsWith(home);
      })
      .map((name) => name.replace(/\.json$/, ''));
  });
};

/** First the link, so that no new sandbox is made from it; a sandbox made meanwhile is found afterwards and keeps it. Throws when in use. */
export const remove = (cache: string, data: string, slug: string): void => {
  if (importedOf(cache, slug) === undefined)
    throw new Error(`There is no imported template '${slug}'. See ./miosa template import --list.`);
  const home = join(templatesIn(cache), slug);
  const build = readlinkSync(join(home, 'current'));
  rmSync(join(home, 'current'));
  const users = usersOf(cache, data, slug);
  if (users.length > 0) {
    pointTo(home, build);
    throw new Error(
      `The files of ${users.length} sandboxes or snapshots lie on '${slug}', such as ${users[0]}. Destroy these first (miosa sandbox rm).`,
    );
  }
  rmSync(home, { recursive: true, force: true });
};
