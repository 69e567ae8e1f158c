import { Fault, invalid } from '@miosa/kernel';

/** Of one upload or archive. */
export const MAX_FILES = 100_000;
export const MAX_TOTAL_BYTES = 10 * 2 ** 30;
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;
/** Of all paths together: they are held in memory, and kept with the version. */
const MAX_PATHS_BYTES = 16 * 2 ** 20;

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the rule.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What is wrong with the path of a file, as the end of a sentence; null: nothing. */
const wrongWith = (path: string): string | null => {
  if (!path.isWellFormed()) return 'is not UTF-8';
  if (CONTROL.test(path)) return 'has control characters';
  if (path.startsWith('/')) return 'is absolute';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  const parts = path.split('/');
  if (parts.includes('..')) return 'leaves the folder';
  if (parts.some((part) => part === '' || part === '.')) return 'has an empty part';
  return parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES) ? `has a part of more than ${MAX_NAME_BYTES} bytes` : null;
};

const shown = (path: string): string => JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);

const tooLarge = (what: string, details: object): Fault =>
  new Fault('PAYLOAD_TOO_LARGE', `At most ${what} can be published at once. Leave out what a visitor does not need.`, {
    details: { ...details },
  });

/** Takes the files of one upload one by one. @throws VALIDATION_ERROR in the name of `field`, PAYLOAD_TOO_LARGE. */
export const createFileCheck = (field: string) => {
  const paths = new Set<string>();
  const folders = new Set<string>();
  let totalBytes = 0;
  let pathsBytes = 0;
  return {
    path: (path: string): void => {
      const wrong = wrongWith(path);
      if (wrong !== null) throw invalid(field, `the path ${shown(path)} ${wrong}`);
    },
    add: (path: string, sizeBytes: number): void => {
      const wrong = wrongWith(path);
      if (wrong !== null) throw invalid(field, `the path ${shown(path)} ${wrong}`);
      if (paths.has(path)) throw invalid(field, `${shown(path)} is there twice`);
      if (folders.has(path)) throw invalid(field, `${shown(path)} is a file and a folder`);
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const above = path.slice(0, end);
        if (paths.has(above)) throw invalid(field, `${shown(above)} is a file and a folder`);
        if (folders.has(above)) break;
        folders.add(above);
        pathsBytes += above.length;
      }
      paths.add(path);
      totalBytes += sizeBytes;
      pathsBytes += Buffer.byteLength(path);
      if (paths.size > MAX_FILES) throw tooLarge(`${MAX_FILES} files`, { limit_files: MAX_FILES });
      if (totalBytes > MAX_TOTAL_BYTES) throw tooLarge(`${MAX_TOTAL_BYTES} bytes`, { limit_bytes: MAX_TOTAL_BYTES });
      if (pathsBytes > MAX_PATHS_BYTES) throw tooLarge(`${MAX_PATHS_BYTES} bytes of names`, { limit_name_bytes: MAX_PATHS_BYTES });
    },
    isEmpty: (): boolean => paths.size === 0,
  };
};
