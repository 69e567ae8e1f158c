import { Fault, invalid, type Op } from '@miosa/kernel';
import type { Core } from '../deps.ts';
import type { UploadedFile } from '../types.ts';
import { listTree, readFiles, statPath } from './source.ts';
import type { SiteSource } from './static.ts';
import type { SiteFile } from './storing.ts';

const WORKSPACE = '/workspace';
/** Of a folder that is published as it is, the rest of the project is no part. */
const EXCLUDE = ['.git', 'node_modules', '.next/cache', '.cache', '.miosaignore'];
const IGNORE_FILE = '.miosaignore';

const absolute = (path: string): string => (path.startsWith('/') ? path : `${WORKSPACE}/${path}`);

/** Folders to look for a site in: the first that holds the entrypoint. */
export interface Candidates {
  readonly outputs: readonly string[];
  readonly entrypoint: string;
}

/** The finished site in a sandbox or in the machine that built it. What changes while it is read makes the publish fail, never a mixture. */
export const folderOfSandbox = async (op: Op, core: Core, id: string, { outputs, entrypoint }: Candidates): Promise<SiteSource> => {
  const agent = await core.machines.agent(op, id);
  let root: string | undefined;
  for (const candidate of outputs) {
    if ((await statPath(agent, `${absolute(candidate)}/${entrypoint}`, op.signal)) !== 'file') continue;
    root = absolute(candidate);
    break;
  }
  if (root === undefined)
    throw invalid(
      'output_path',
      `there is no ${entrypoint} in ${outputs.join(', ')}; build the site first, or say output_path or entrypoint`,
    );
  const tree = await listTree(agent, root, { exclude: EXCLUDE, ignoreFile: IGNORE_FILE, signal: op.signal });
  const byPath = new Map(tree.files.map((file) => [file.path, file]));
  return {
    files: tree.files,
    read: async function* (files, signal) {
      for await (const { path, bytes } of readFiles(
        agent,
        tree,
        files.map((file) => file.path),
        signal,
      )) {
        const file = byPath.get(path);
        if (file === undefined) throw new Fault('INTERNAL', 'The sandbox sent a file that was not asked for.');
        yield { file, bytes };
      }
    },
  };
};

/** The finished site among uploaded files, whose contents are in the store. */
export const folderOfUpload = (
  core: Core,
  tenantId: string,
  uploaded: readonly UploadedFile[],
  { outputs, entrypoint }: Candidates,
): SiteSource => {
  const prefixes = outputs.map((path) => {
    const bare = path.replace(/^\/workspace\//, '').replace(/^\.?\/+|\/+$/g, '');
    return bare === '' || bare === '.' ? '' : `${bare}/`;
  });
  const prefix = prefixes.find((start) => uploaded.some(({ path }) => path === `${start}${entrypoint}`));
  if (prefix === undefined)
    throw invalid('output_path', `there is no ${entrypoint} among the uploaded files; say output_path or entrypoint`);
  const files: SiteFile[] = uploaded
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, sha256, size_bytes }) => ({ path: path.slice(prefix.length), sha256, sizeBytes: size_bytes }));
  return {
    files,
    read: async function* (wanted) {
      for (const file of wanted) yield { file, bytes: await core.blobs.get(`${tenantId}/${file.sha256}`) };
    },
  };
};
