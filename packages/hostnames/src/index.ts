export * from './browser-token.ts';
export { type PublicKeys, signingKeyId } from './envelope.ts';
export * from './host.ts';
export * from './token.ts';
