export { type ByteRange, etagOf, isUnchanged, rangeOf } from './conditions.ts';
export { decodeManifest } from './decode.ts';
export { ENCODINGS, type Encoding, type Form } from './file-table.ts';
export { isHashedName } from './hashed-name.ts';
export {
  encodeManifest,
  type HeaderRule,
  type Manifest,
  type ManifestFile,
  manifestSha256,
  type RedirectRule,
  type Variant,
} from './manifest.ts';
export { contentTypeOf } from './mime.ts';
export { chooseForm, readWeights, type Weights } from './negotiate.ts';
export { parseHeaders, parseRedirects } from './rules.ts';
export { createSite, type Found, type Site, type SiteOptions } from './site.ts';
export { isSitePath } from './site-path.ts';
