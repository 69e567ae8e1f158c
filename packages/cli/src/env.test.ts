import { describe, expect, it } from 'vitest';
import { answer, TestCli } from './testing/cli.ts';

const cli = new TestCli();
const miosa = cli.run.bind(cli);
const ID = 'sbx_01h00000000000000000000000';
const VAR = { key: 'API_KEY', value: null, encrypted: true, hosts: ['api.example.com'], updated_at: '2026-01-01T00:00:00.000Z' };

describe('sandbox env', () => {
  it('sets a secret for its hosts and never prints its value', async () => {
    let sent = '';
    cli.handler = (request, response) => {
      sent = request.text;
      answer(response, 200, { data: [VAR] });
    };
    const result = await miosa(['sandbox', 'env', 'set', ID, 'API_KEY=true-value', '--hosts', 'api.example.com,*.example.org']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.out).toContain('(stays outside)');
    expect(JSON.parse(sent)).toEqual({ vars: [{ key: 'API_KEY', value: 'true-value', hosts: ['api.example.com', '*.example.org'] }] });
  });
  it.each([[['NO_SUCH_VARIABLE_HERE']], [['=x']]])('refuses %j without a call', async (args) => {
    expect(await miosa(['sandbox', 'env', 'set', ID, ...args])).toMatchObject({ code: 1 });
    expect(cli.seen).toEqual([]);
  });
  it('makes a sandbox with rules; rules and a file exclude each other', async () => {
    let sent = '';
    cli.handler = (request, response) => {
      sent = request.text;
      answer(response, 503, { error: { code: 'UNAVAILABLE', message: 'no' } });
    };
    await miosa(['sandbox', 'create', '--allow', 'api.example.com:443']);
    expect(JSON.parse(sent).network_policy).toEqual({
      default_effect: 'deny',
      rules: [{ effect: 'allow', destination: 'api.example.com', ports: [443] }],
    });
    cli.seen.length = 0;
    expect(await miosa(['sandbox', 'create', '--allow', 'a.example', '--network-policy', 'x.json'])).toMatchObject({ code: 1 });
    expect(await miosa(['sandbox', 'create', '--secret', 'NAME'])).toMatchObject({ code: 1 });
    expect(cli.seen).toEqual([]);
  });
});
