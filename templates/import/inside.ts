import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MAX_LINKS = 40;
const MAX_TEXT = 2 ** 20;

const kindOf = (path: string) => lstatSync(path, { throwIfNoEntry: false });

/**
 * Where `path` of the image is on the host: symbolic links are followed as a process whose root is `root` would follow them, so the answer
 * never lies outside. For files at rest only: nothing of the image runs while it is prepared.
 */
export const inside = (root: string, path: string): string => {
  const left = path.split('/').reverse();
  const at: string[] = [];
  let links = 0;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      continue;
    }
    const here = join(root, ...at, part);
    if (kindOf(here)?.isSymbolicLink() !== true) {
      at.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new Error(`the image's ${path} is a loop of symbolic links`);
    const target = readlinkSync(here);
    if (target.startsWith('/')) at.length = 0;
    left.push(...target.split('/').reverse());
  }
  return join(root, ...at);
};

/** A folder at `path`, in the place of whatever else is there. Answers where on the host. */
export const folderAt = (root: string, path: string): string => {
  const parts = path.split('/').filter((part) => part !== '');
  let at = root;
  for (const [index] of parts.entries()) {
    at = inside(root, parts.slice(0, index + 1).join('/'));
    if (kindOf(at)?.isDirectory() === true) continue;
    rmSync(at, { force: true });
    mkdirSync(at, { recursive: true, mode: 0o755 });
  }
  return at;
};

/** A plain file with this text, in the place of whatever is there. */
export const fileAt = (root: string, path: string, text: string, mode = 0o644): void => {
  const target = join(folderAt(root, dirname(path)), path.slice(path.lastIndexOf('/') + 1));
  rmSync(target, { recursive: true, force: true });
  writeFileSync(target, text, { flag: 'wx', mode });
};

/** The text of a plain file of reasonable size, else nothing. */
export const textAt = (root: string, path: string): string => {
  const target = inside(root, path);
  const kind = kindOf(target);
  return kind?.isFile() === true && kind.size <= MAX_TEXT ? readFileSync(target, 'utf8') : '';
};

export const isThere = (root: string, path: string): boolean => kindOf(inside(root, path)) !== undefined;
