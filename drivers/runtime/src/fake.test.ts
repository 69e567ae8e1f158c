import { describeRuntimeContract } from './contract.ts';
import { createFakeRuntime } from './fake/index.ts';

describeRuntimeContract('fake', async () => {
  const runtime = createFakeRuntime();
  return { runtime, lose: ({ id }) => runtime.lose(id), close: () => runtime.close() };
});
