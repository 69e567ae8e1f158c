export * from './browser.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './image-reference.ts';
export * from './network-policy.ts';
export * from './op.ts';
export * from './sizes.ts';
export * from './text.ts';
