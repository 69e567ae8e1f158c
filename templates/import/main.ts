/**
 * `./miosa template import`: makes a template of an OCI image. Result as of `templates/build.ts`, with the image's digest as the name of the
 * build. The image is taken for hostile: it is unpacked in a jail on a file system of bounded size, and nothing of it is ever run here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageReference } from '@miosa/kernel';
import { prepare } from './prepare.ts';
import { SOURCES, sourceOf } from './source.ts';
import { checkSlug, imported, importedOf, type Manifest, pointTo, remove, templatesIn } from './store.ts';
import { boundedFolder, environmentOf, fetchImage, keep, type Limits, tidyUp, unpackImage } from './unpack.ts';

const USAGE = `usage: ./miosa template import SLUG SOURCE [options]   make a template of an OCI image
       ./miosa template import --list [--json]         those that were imported
       ./miosa template import --rm SLUG               remove one that no sandbox or snapshot needs

SOURCE is ${SOURCES}.

  --reference NAME   the image's name in a registry, for the field "image" of a create (known by itself for docker://)
  --max-size GIB     refuse an image larger than this, unpacked (default 10)
  --max-entries N    refuse an image with more files than this (default 1000000)
  --json             the result as JSON
`;

const PREFIX = '.importing-';
const { MIOSA_CACHE: cache = '/var/cache/miosa', MIOSA_DATA: data = '/var/lib/miosa' } = process.env;

interface Asked extends Limits {
  readonly slug: string;
  readonly source: string;
  readonly reference: string | undefined;
}

const importImage = ({ slug, source, reference, ...limits }: Asked): Manifest & { dropped: number } => {
  checkSlug(cache, slug);
  const from = sourceOf(source);
  const image = reference === undefined ? from.reference : imageReference(reference);
  if (reference !== undefined && image === null) throw new Error(`'${reference}' is not the name of an image. Say REGISTRY/NAME[:TAG].`);
  const home = join(templatesIn(cache), slug);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  for (const left of readdirSync(home).filter((name) => name.startsWith(PREFIX)))
    rmSync(join(home, left), { recursive: true, force: true });
  const work = mkdtempSync(join(home, PREFIX));
  try {
    const folder = boundedFolder(work, limits);
    const digest = fetchImage(from.skopeo, folder);
    const build = digest.replace(':', '-');
    const rootfs = unpackImage(work, folder);
    const { sizeBytes, entries, dropped } = tidyUp(rootfs, limits);
    const manifest: Manifest = {
      slug,
      hash: build,
      image,
      digest,
      size_bytes: sizeBytes,
      entries,
      built_at: new Date().toISOString(),
    };
    const done = join(work, 'done');
    mkdirSync(done, { mode: 0o755 });
    if (!existsSync(join(home, build))) {
      prepare(rootfs, environmentOf(folder, digest));
      keep(rootfs, join(done, 'rootfs'));
      renameSync(done, join(home, build));
    }
    // The files of a build stay as they are: sandboxes lie on them. What is said of them may change.
    writeFileSync(join(work, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    renameSync(join(work, 'manifest.json'), join(home, build, 'manifest.json'));
    pointTo(home, build);
    return { ...manifest, dropped };
  } finally {
    spawnSync('umount', ['--recursive', join(work, 'jail')]);
    spawnSync('umount', [join(work, 'disk')]);
    spawnSync('rm', ['-rf', '--one-file-system', '--', work]);
    if (readdirSync(home).length === 0) rmSync(home, { recursive: true });
  }
};

const positive = (text: string, name: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} must be a number above 0.`);
  return value;
};

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

const act = (): void => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      rm: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      reference: { type: 'string' },
      'max-size': { type: 'string', default: '10' },
      'max-entries': { type: 'string', default: '1000000' },
    },
  });
  const answer = (value: unknown, text: string): void => console.log(values.json === true ? JSON.stringify(value, null, 2) : text);
  const [slug, source] = positionals;
  if (values.help === true) {
    process.stdout.write(USAGE);
  } else if (values.list === true) {
    const rows = imported(cache);
    const lines = rows.map(({ slug, image, digest, size_bytes }) => [slug, image ?? '-', digest.slice(0, 19), mib(size_bytes)].join('\t'));
    answer(rows, lines.length === 0 ? 'No image has been imported.' : lines.join('\n'));
  } else if (slug !== undefined && values.rm === true) {
    remove(cache, data, slug);
    answer({ slug, removed: true }, `removed ${slug}`);
  } else if (slug !== undefined && source !== undefined && positionals.length === 2) {
    const before = importedOf(cache, slug)?.digest;
    const made = importImage({
      slug,
      source,
      reference: values.reference,
      maxBytes: Math.floor(positive(values['max-size'], 'max-size') * 2 ** 30),
      maxEntries: Math.floor(positive(values['max-entries'], 'max-entries')),
    });
    const replaced = before !== undefined && before !== made.digest ? '; sandboxes that exist keep the files they were made from' : '';
    const dropped = made.dropped === 0 ? '' : `; ${made.dropped} device nodes, pipes or sockets were not taken`;
    answer(made, `template ${slug}: ${made.digest}, ${mib(made.size_bytes)}, ${made.entries} entries${dropped}${replaced}`);
  } else {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  }
};

/** In a mount namespace of its own, so that no end, however sudden, leaves a mount behind. */
const INSIDE = 'MIOSA_IMPORT_NAMESPACE';
if (process.env[INSIDE] === undefined) {
  const { status } = spawnSync('unshare', ['--mount', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1', LC_ALL: 'C.UTF-8' },
  });
  process.exitCode = status ?? 1;
} else {
  try {
    act();
  } catch (error) {
    console.error(`miosa: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
