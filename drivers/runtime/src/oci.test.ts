import { Fault } from '@miosa/kernel';
import { expect, test } from 'vitest';
import { createOciRuntime } from './oci.ts';

test('a runner that is away is told apart from a host that refuses', async () => {
  const runtime = createOciRuntime({ socketPath: '/nowhere/runner.sock' });
  for (const call of [runtime.list(), runtime.resume('sbx_x'), runtime.inspect('sbx_x')]) {
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error instanceof Fault && error.code).toBe('UPSTREAM_UNREACHABLE');
  }
  runtime.close();
});
