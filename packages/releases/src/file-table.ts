import type { ManifestFile } from './manifest.ts';
import { isServed } from './site-path.ts';

export type Encoding = 'identity' | 'br' | 'gzip' | 'zstd';
export const ENCODINGS: readonly Encoding[] = ['identity', 'br', 'gzip', 'zstd'];

/** One form of a file as it may be sent. */
export interface Form {
  readonly encoding: Encoding;
  readonly sha256: string;
  readonly size: number;
}

const HASH_BYTES = 32;
const FORMS = ENCODINGS.length;
/** What V8 spends on a map entry with its string, measured over 100,000 paths. */
const ENTRY_BYTES = 96;

/** The files of a site packed tight: 10,000 sites stay in memory at a few KiB each. Files are known by number. */
export const createFileTable = (all: readonly ManifestFile[]) => {
  const files = all.filter(({ path }) => isServed(path));
  const numbers = new Map<string, number>();
  const forms = files.map((file) => [file, file.br, file.gzip, file.zstd] as const);
  const present = forms.reduce((sum, list) => sum + list.filter((form) => form !== undefined).length, 0);
  const hashes = Buffer.allocUnsafeSlow(present * HASH_BYTES);
  const sizes = new Float64Array(present);
  /** Where a form's hash and size are; -1 = there is no such form. */
  const slots = new Int32Array(files.length * FORMS).fill(-1);
  let slot = 0;
  let textBytes = 0;
  forms.forEach((list, number) => {
    const path = list[0].path;
    numbers.set(path, number);
    textBytes += path.length;
    list.forEach((form, i) => {
      if (form === undefined) return;
      hashes.write(form.sha256, slot * HASH_BYTES, 'hex');
      sizes[slot] = form.size;
      slots[number * FORMS + i] = slot++;
    });
  });
  return {
    /** Roughly what the table holds in memory. */
    bytes: hashes.length + sizes.byteLength + slots.byteLength + textBytes + files.length * ENTRY_BYTES,
    number: (path: string): number | undefined => numbers.get(path),
    /** Which forms there are, as sizes in the order of `ENCODINGS`; -1 = none. */
    sizeOf: (number: number, encoding: number): number => {
      const at = slots[number * FORMS + encoding] ?? -1;
      return at === -1 ? -1 : (sizes[at] ?? -1);
    },
    form: (number: number, encoding: number): Form => {
      const at = slots[number * FORMS + encoding] ?? -1;
      const name = ENCODINGS[encoding];
      if (at === -1 || name === undefined) throw new Error('a form that the file does not have');
      return { encoding: name, sha256: hashes.toString('hex', at * HASH_BYTES, (at + 1) * HASH_BYTES), size: sizes[at] ?? 0 };
    },
  };
};

export type FileTable = ReturnType<typeof createFileTable>;
