/** Everything below these is named by content, by the build tools that make them (Next, SvelteKit). */
const HASHED_FOLDERS = /(?:^|\/)(?:_next\/static|_app\/immutable)\//;
/** Hex (webpack, Parcel, Next): a letter and a digit, or dates and words such as `defaced` would count. */
const HEX = /(?:^|[-._])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}(?=[-._])/;
/** Base 32 in upper case, eight long (esbuild, Angular). */
const BASE32 = /[-.](?=[A-Z]*[2-7])(?=[2-7]*[A-Z])[A-Z2-7]{8}\.[a-z0-9]+(?:\.map)?$/;
/** Base 64 URL, eight long, before the extension (Vite, Rollup, Astro): in the folders of these tools only, since eight letters are a word, too. */
const BASE64_FOLDERS = /(?:^|\/)(?:assets|_astro|_nuxt|chunks|entries)\//;
const BASE64 = /[-.](?=[^.]*[a-z])(?=[^.]*[A-Z])[A-Za-z0-9_-]{8}\.[a-z0-9]+(?:\.map)?$/;

/**
 * Whether a file's name carries a content hash of at least eight characters, so that it may be kept for a year without asking. Errs to "no":
 * a wrong "no" costs a 304, a wrong "yes" shows visitors an old file.
 */
export const isHashedName = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/\.html?$/i.test(name)) return false;
  return HASHED_FOLDERS.test(path) || HEX.test(name) || BASE32.test(name) || (BASE64_FOLDERS.test(path) && BASE64.test(name));
};
