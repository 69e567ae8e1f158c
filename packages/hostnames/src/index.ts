export * from './host.ts';
export * from './token.ts';
