import { expect, it } from 'vitest';
import type { TreeFile } from './filesApi.ts';
import { changed, listed, moveFor, rowsOf, type TreeState } from './treeState.ts';

const file = (path: string, type: TreeFile['type'] = 'file'): TreeFile => ({
  path,
  name: path.slice(path.lastIndexOf('/') + 1),
  type,
  sizeBytes: 1,
});
const start = (): TreeState => {
  const open = new Set(['/w/src', '/w/src/deep']);
  const empty: TreeState = { folders: new Map(), open };
  const root = listed(empty, '/w', [file('/w/z.txt'), file('/w/src', 'dir'), file('/w/.env')]);
  return listed(listed(root, '/w/src', [file('/w/src/a.ts'), file('/w/src/deep', 'dir')]), '/w/src/deep', [file('/w/src/deep/leaf')]);
};
const shown = (state: TreeState, hidden = false): string[] =>
  rowsOf(state, '/w', hidden).map(({ file: { name }, level }) => `${level}${name}`);
const change = (type: 'created' | 'deleted' | 'modified', path: string, isDir = false) => ({ type, path, isDir, sizeBytes: 2 });

it('shows folders first, then names; hidden ones on request', () => {
  expect(shown(start())).toEqual(['1src', '2deep', '3leaf', '2a.ts', '1z.txt']);
  expect(shown(start(), true)).toContain('1.env');
  expect(rowsOf(start(), '/w', false)[0]).toMatchObject({ position: 1, siblings: 2, isOpen: true });
});

it('follows what is made, changed and deleted, once however often it is told', () => {
  const made = changed(changed(start(), change('created', '/w/src/b.ts')), change('created', '/w/src/b.ts'));
  expect(shown(made)).toEqual(['1src', '2deep', '3leaf', '2a.ts', '2b.ts', '1z.txt']);
  expect(
    changed(start(), change('modified', '/w/z.txt'))
      .folders.get('/w')
      ?.find(({ name }) => name === 'z.txt')?.sizeBytes,
  ).toBe(2);
  const gone = changed(start(), change('deleted', '/w/src', true));
  expect([shown(gone), gone.folders.size, gone.open.size]).toEqual([['1z.txt'], 1, 0]);
  expect(changed(start(), change('created', '/w/closed/x'))).toEqual(start());
});

it('keeps open what is renamed', () => {
  const renamed = changed(start(), { type: 'renamed', path: '/w/lib', oldPath: '/w/src', isDir: true, sizeBytes: 0 });
  expect(shown(renamed)).toEqual(['1lib', '2deep', '3leaf', '2a.ts', '1z.txt']);
  expect(renamed.folders.get('/w/lib/deep')?.[0]?.path).toBe('/w/lib/deep/leaf');
  const over = changed(start(), { type: 'renamed', path: '/w/z.txt', oldPath: '/w/src/a.ts', isDir: false, sizeBytes: 0 });
  expect(shown(over)).toEqual(['1src', '2deep', '3leaf', '1z.txt']);
});

it.each([
  ['ArrowDown', '/w/src', { focus: '/w/src/deep' }],
  ['ArrowUp', '/w/src', undefined],
  ['ArrowRight', '/w/src', { focus: '/w/src/deep' }],
  ['ArrowLeft', '/w/src', { toggle: '/w/src' }],
  ['ArrowLeft', '/w/src/a.ts', { focus: '/w/src' }],
  ['ArrowRight', '/w/z.txt', undefined],
  ['Home', '/w/z.txt', { focus: '/w/src' }],
  ['End', '/w/src', { focus: '/w/z.txt' }],
  ['Enter', '/w/z.txt', { select: '/w/z.txt' }],
  ['z', '/w/src', { focus: '/w/z.txt' }],
  ['Tab', '/w/src', undefined],
])('%s at %s does %j', (key, at, move) => {
  expect(moveFor(key, rowsOf(start(), '/w', false), at)).toEqual(move);
});
