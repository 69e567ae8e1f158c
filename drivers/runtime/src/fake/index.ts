export { createFakeRuntime, type FakeRuntime } from './runtime.ts';
