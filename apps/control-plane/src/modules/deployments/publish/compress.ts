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
/** Large files get less effort: a publish is waited for. */
const THOROUGH_BYTES = 256 * 1024;

export type Encoding = 'br' | 'gzip' | 'zstd';

export const isCompressible = (path: string, sizeBytes: number): boolean =>
  sizeBytes >= LEAST_BYTES && sizeBytes <= MOST_BYTES && TEXTUAL.test(path);

/** The forms of a content that are worth keeping. Work of the thread pool. */
export const compress = async (bytes: Buffer): Promise<readonly (readonly [Encoding, Buffer])[]> => {
  const thorough = bytes.length <= THOROUGH_BYTES;
  const [br, gz, zs] = await Promise.all([
    brotliAsync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: thorough ? 9 : 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
    gzipAsync(bytes, { level: thorough ? 9 : 6 }),
    zstdAsync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: thorough ? 15 : 6 } }),
  ]);
  const most = bytes.length * (1 - LEAST_SAVING);
  return (
    [
      ['br', br],
      ['gzip', gz],
      ['zstd', zs],
    ] as const
  ).filter(([, form]) => form.length <= most);
};
