import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** What gains by it; images, fonts (woff2), audio, video and archives are compressed already. */
const TEXTUAL =
  /\.(?:html?|css|m?js|cjs|json|map|svg|xml|txt|md|csv|tsv|ya?ml|webmanifest|manifest|wasm|ico|bmp|ttf|otf|eot|rss|atom|geojson|ics|vtt|xhtml|php|ts|tsx|jsx|vue|graphql|glb|gltf|obj)$/i;

/** Below, the headers weigh more than what is saved. */
const LEAST_BYTES = 256;
const MOST_BYTES = 16 * 2 ** 20;
/** A form is kept when it saves at least this share. */
const LEAST_SAVING = 0.05;
/** Up to here brotli may take more effort; beyond it costs 18 ms for 200 KB and saves 4 %. */
const THOROUGH_BYTES = 64 * 1024;
/** Base-2 logarithms of brotli's window: one as large as the file costs less memory than the default of 4 MiB. */
const [MIN_WINDOW, MAX_WINDOW] = [10, 22];
/** Compressors at work in this process: each holds its memory from its beginning. */
const AT_ONCE = 4;

export type Encoding = 'br' | 'gzip' | 'zstd';

export const isCompressible = (path: string, sizeBytes: number): boolean =>
  sizeBytes >= LEAST_BYTES && sizeBytes <= MOST_BYTES && TEXTUAL.test(path);

const brotliParams = (size: number): Record<number, number> => ({
  [constants.BROTLI_PARAM_QUALITY]: size <= THOROUGH_BYTES ? 9 : 5,
  [constants.BROTLI_PARAM_SIZE_HINT]: size,
  [constants.BROTLI_PARAM_LGWIN]: Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, Math.ceil(Math.log2(size)) + 1)),
});

const compressOne = async (bytes: Buffer): Promise<readonly (readonly [Encoding, Buffer])[]> => {
  const forms = [
    ['br', await brotliAsync(bytes, { params: brotliParams(bytes.length) })],
    ['gzip', await gzipAsync(bytes, { level: 6 })],
    ['zstd', await zstdAsync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 9 }, pledgedSrcSize: bytes.length })],
  ] as const;
  const most = bytes.length * (1 - LEAST_SAVING);
  return forms.filter(([, form]) => form.length <= most);
};

let working = 0;
const waiting: (() => void)[] = [];

/** The forms of a content that are worth keeping. Work of the thread pool, a few contents at a time. */
export const compress = async (bytes: Buffer): Promise<readonly (readonly [Encoding, Buffer])[]> => {
  if (working >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  working++;
  try {
    return await compressOne(bytes);
  } finally {
    working--;
    waiting.shift()?.();
  }
};
