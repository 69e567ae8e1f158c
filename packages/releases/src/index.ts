export {
  decodeManifest,
  encodeManifest,
  type HeaderRule,
  type Manifest,
  type ManifestFile,
  manifestSha256,
  type RedirectRule,
  type Variant,
} from './manifest.ts';
export { cacheControlOf, contentTypeOf, isHashedName } from './names.ts';
export { isSitePath, parseHeaders, parseRedirects, RuleError } from './rules.ts';
export { type Answer, createSite, decodePath, type Site, type SpaMode } from './site.ts';
