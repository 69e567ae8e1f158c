export type { BlobStore } from './port.ts';
