import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from '../access/testing/installation.ts';
import { csvCell } from './export.ts';
import { record } from './index.ts';

let t: Installation;
const MANY = 1203; // several batches, the last one not full
beforeAll(async () => {
  t = await createInstallation();
  const op = t.systemOp();
  await t.db.tx(op, 'many', async (tx) => {
    for (let i = 0; i < MANY; i++) await record(tx, op, { action: `export.n${i}`, resourceType: 'export' });
  });
  await record(t.db.read, op, { action: 'cells', resourceType: 'cells', resourceId: '=1+1', metadata: { text: 'a "b", c\nd' } });
});
afterAll(() => t.close());

const fetched = (query: string, accept: string, as = t.key) =>
  t.server.inject({ url: `/api/v1/audit?${query}`, headers: { authorization: `Bearer ${as}`, accept } });

describe('export', () => {
  it('as NDJSON gives every matching entry once, as the list does', async () => {
    const answer = await fetched('resource_type=export&limit=5', 'application/x-ndjson');
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const entries = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map((entry) => entry.action)).toEqual(Array.from({ length: MANY }, (_, i) => `export.n${MANY - 1 - i}`));
    const page = JSON.parse((await fetched('resource_type=export&limit=5', 'application/json')).body);
    expect(entries.slice(0, 5)).toEqual(page.data);
  });

  it('as CSV has a line for each, and no cell a spreadsheet would run', async () => {
    const answer = await fetched('resource_type=export', 'text/csv');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="audit.csv"');
    expect(answer.body.trimEnd().split('\r\n')).toHaveLength(MANY + 1);
    const cells = (await fetched('resource_type=cells', 'text/csv')).body;
    expect(cells).toContain(`,"'=1+1",`);
    expect(cells).toContain(`"{""text"":""a \\""b\\"", c\\nd""}"`);
  });

  it.each(['=1', '+1', '-1', '@x', '\t=1', '\r=1'])('makes text of the cell %j', (cell) => {
    expect(csvCell(cell)).toBe(`"'${cell}"`);
  });

  it('keeps to what the caller may read, and needs the scope', async () => {
    const other = await t.addTenant('Export Neighbour');
    expect((await fetched('resource_type=export', 'application/x-ndjson', other.key)).body).toBe('');
    const member = await t.addUser('member');
    expect((await fetched('resource_type=export', 'application/x-ndjson', member.token)).body).toBe('');
    const { key } = await t.mint({ scopes: ['workspaces:read'] });
    expect((await fetched('', 'text/csv', key)).statusCode).toBe(403);
  });

  it('refuses forms it does not have', async () => {
    expect((await fetched('', 'application/xml')).statusCode).toBe(406);
    expect((await fetched('', '*/*')).json().data).toHaveLength(20);
  });
});
