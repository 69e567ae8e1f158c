import { buildAndPublish } from '@miosa/example-agent-builds-static-app';
import { expect, it } from 'vitest';
import { platform } from '../harness/context.ts';
import { request } from '../harness/request.ts';

it('the agent of the example builds, mends the error it sees, and publishes a site that opens', async () => {
  const said: string[] = [];
  const { apiKey, apiUrl, ca } = platform();
  const url = await buildAndPublish({ apiKey, baseUrl: apiUrl, ca, onText: (text) => said.push(text) });
  expect(said.join('\n')).toContain('has no "title"');
  await expect.poll(async () => (await request(url)).body).toContain('Five habits for healthy teeth');
  expect((await request(new URL('/thanks', url).href)).body).toContain('Thank you');
});
