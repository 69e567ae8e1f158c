export { createFsBlobs } from './fs.ts';
export type { BlobStore } from './port.ts';
