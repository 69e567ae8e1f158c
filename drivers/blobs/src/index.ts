export { cachedBlobs } from './cached.ts';
export { createFsBlobs } from './fs.ts';
export type { BlobStore } from './port.ts';
export { createS3Blobs } from './s3.ts';
export { type BlobSettings, openBlobs, readBlobSettings } from './settings.ts';
