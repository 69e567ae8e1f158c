import { describe, expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const miosa = cli.run.bind(cli);

describe('sandbox network', () => {
  it('sets rules given on the command line; whoever allows something means only that', async () => {
    const policy = {
      default_effect: 'deny',
      rules: [
        { effect: 'deny', destination: '198.51.100.7/32' },
        { effect: 'allow', destination: '*.example.com', ports: [443, '8000-8100'], protocol: 'tcp' },
        { effect: 'allow', destination: '198.51.100.0/24' },
      ],
    };
    let sent = '';
    cli.handler = (request, response) => {
      sent = request.text;
      answer(response, 200, { data: policy });
    };
    const result = await miosa([
      ...['sandbox', 'network', 'set', 'sbx_01h00000000000000000000000'],
      ...['--allow', '*.example.com:443,8000-8100/tcp', '--allow', '198.51.100.0/24', '--deny', '198.51.100.7/32'],
    ]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.out).toContain('allow *.example.com:443,8000-8100/tcp\n');
    expect(result.out).toContain('deny  everything else');
    expect(JSON.parse(sent)).toEqual(policy);
  });
  it.each([[[]], [['--default', 'maybe']], [['--file', '/nowhere.json']], [['--file', 'x', '--allow', 'a.example']]])(
    'refuses %j without a call',
    async (args) => {
      expect(await miosa(['sandbox', 'network', 'set', 'sbx_01h00000000000000000000000', ...args])).toMatchObject({ code: 1 });
      expect(cli.seen).toEqual([]);
    },
  );
});
