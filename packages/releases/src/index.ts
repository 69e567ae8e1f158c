export { decodeManifest, encodeManifest, type Manifest, type ManifestFile, manifestSha256, type Variant } from './manifest.ts';
