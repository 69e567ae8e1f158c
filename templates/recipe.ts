import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A package of the npm registry unpacked into the image; the digest is checked, so what is built is what was reviewed. */
export interface NpmPart {
  readonly version: string;
  /** Subresource integrity, as in package-lock.json. */
  readonly integrity: string;
  readonly into: string;
  /** Paths inside the package; default all. */
  readonly only?: readonly string[];
  /** Symlink → target. */
  readonly links?: Readonly<Record<string, string>>;
}

export interface Recipe {
  readonly slug: string;
  readonly suite: string;
  readonly packages: readonly string[];
  readonly npm: Readonly<Record<string, NpmPart>>;
  readonly user: { readonly name: string; readonly uid: number; readonly home: string; readonly shell: string };
  readonly workdir: string;
  readonly agent_path: string;
  readonly preview_port: number;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

export const readRecipe = (folder: string): Recipe => JSON.parse(readFileSync(join(folder, 'recipe.json'), 'utf8'));

/** Names a build: the recipe with its files and the builder's own code. Equal hash, equal image, so a built one is never rebuilt. */
export const recipeHash = (folder: string, builderFolder: string): string => {
  const hash = createHash('sha256');
  const builder = readdirSync(builderFolder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  for (const file of [...builder.sort().map((name) => join(builderFolder, name)), ...filesBelow(folder)]) {
    hash
      .update(`${relative(builderFolder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
};
