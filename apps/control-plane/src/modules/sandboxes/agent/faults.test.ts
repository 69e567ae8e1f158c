import { expect, it } from 'vitest';
import { faultOfAnswer } from './faults.ts';

const answer = (message: string) => faultOfAnswer(404, JSON.stringify({ code: 'NOT_FOUND', message }));

it('an agent without the route asked for is not a file that is missing', () => {
  expect(answer('There is no such route.')).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', details: { reason: 'agent_too_old' } });
  expect(answer('/workspace/x does not exist.')).toMatchObject({ code: 'NOT_FOUND' });
});
