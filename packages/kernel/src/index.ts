export * from './browser.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './op.ts';
export * from './sizes.ts';
export * from './text.ts';
