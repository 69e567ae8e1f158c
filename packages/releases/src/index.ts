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
export { isSitePath, parseHeaders, parseRedirects } from './rules.ts';
