import type { TreeChange, TreeFile } from './filesApi.ts';

/** Folders that were listed, by path, and those that are open. */
export interface TreeState {
  readonly folders: ReadonlyMap<string, readonly TreeFile[]>;
  readonly open: ReadonlySet<string>;
}

/** One visible line. */
export interface TreeRow {
  readonly file: TreeFile;
  /** From 1. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly isOpen: boolean;
  readonly isLoaded: boolean;
}

/** Entries of one folder that are shown; a folder of a hundred thousand would stall the page. */
export const SHOWN_MAX = 1000;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Folders first, then by name. */
const byKindAndName = (a: TreeFile, b: TreeFile): number =>
  Number(b.type === 'dir') - Number(a.type === 'dir') || (a.name < b.name ? -1 : Number(a.name > b.name));

export const listed = (state: TreeState, path: string, files: readonly TreeFile[]): TreeState => ({
  ...state,
  folders: new Map(state.folders).set(path, [...files].sort(byKindAndName)),
});

const put = (state: TreeState, file: TreeFile): TreeState => {
  const siblings = state.folders.get(parentOf(file.path));
  if (siblings === undefined) return state;
  return listed(state, parentOf(file.path), [...siblings.filter(({ path }) => path !== file.path), file]);
};

const remove = (state: TreeState, gone: string): TreeState => {
  const folders = new Map([...state.folders].filter(([path]) => !isWithin(path, gone)));
  const siblings = folders.get(parentOf(gone));
  if (siblings !== undefined)
    folders.set(
      parentOf(gone),
      siblings.filter(({ path }) => path !== gone),
    );
  return { folders, open: new Set([...state.open].filter((path) => !isWithin(path, gone))) };
};

/** What was open below a folder stays open under its new name. */
const move = (state: TreeState, from: string, to: string): TreeState => {
  const moved = (path: string): string => (isWithin(path, from) ? to + path.slice(from.length) : path);
  const renamed = (file: TreeFile): TreeFile => (isWithin(file.path, from) ? { ...file, path: moved(file.path) } : file);
  const cleared = remove({ folders: state.folders, open: new Set() }, to);
  const folders = new Map([...cleared.folders].map(([path, files]) => [moved(path), isWithin(path, from) ? files.map(renamed) : files]));
  const open = new Set([...state.open].filter((path) => !isWithin(path, to)).map(moved));
  const siblings = folders.get(parentOf(from));
  if (siblings !== undefined)
    folders.set(
      parentOf(from),
      siblings.filter(({ path }) => path !== from),
    );
  return { folders, open };
};

/** The tree after a change that the sandbox has told. */
export const changed = (state: TreeState, { type, path, oldPath, isDir, sizeBytes }: TreeChange): TreeState => {
  if (type === 'overflow') return state;
  if (type === 'deleted') return remove(state, path);
  const known = state.folders.get(parentOf(oldPath ?? path))?.find((file) => file.path === (oldPath ?? path));
  const kind = known?.type === 'symlink' ? 'symlink' : isDir ? 'dir' : 'file';
  const moved = oldPath === undefined ? state : move(state, oldPath, path);
  return put(moved, { path, name: nameOf(path), type: kind, sizeBytes });
};

const isHidden = ({ name }: TreeFile): boolean => name.startsWith('.');

/** The visible lines, top to bottom. */
export const rowsOf = (state: TreeState, root: string, showHidden: boolean): TreeRow[] => {
  const rows: TreeRow[] = [];
  const add = (folder: string, level: number): void => {
    const files = (state.folders.get(folder) ?? []).filter((file) => showHidden || !isHidden(file));
    files.slice(0, SHOWN_MAX).forEach((file, index) => {
      const isOpen = file.type === 'dir' && state.open.has(file.path);
      rows.push({ file, level, position: index + 1, siblings: files.length, isOpen, isLoaded: state.folders.has(file.path) });
      if (isOpen) add(file.path, level + 1);
    });
  };
  add(root, 1);
  return rows;
};

export type Move = { readonly focus: string } | { readonly toggle: string } | { readonly select: string } | undefined;

/** What a key does in a tree (WAI-ARIA authoring practices, tree view). */
export const moveFor = (key: string, rows: readonly TreeRow[], focused: string): Move => {
  const at = rows.findIndex(({ file }) => file.path === focused);
  const row = rows[at];
  if (row === undefined) return undefined;
  const to = (target: TreeRow | undefined): Move => (target === undefined ? undefined : { focus: target.file.path });
  switch (key) {
    case 'ArrowDown':
      return to(rows[at + 1]);
    case 'ArrowUp':
      return to(rows[at - 1]);
    case 'Home':
      return to(rows[0]);
    case 'End':
      return to(rows.at(-1));
    case 'ArrowRight':
      if (row.file.type !== 'dir') return undefined;
      return row.isOpen ? to(rows[at + 1]?.level === row.level + 1 ? rows[at + 1] : undefined) : { toggle: row.file.path };
    case 'ArrowLeft':
      return row.isOpen ? { toggle: row.file.path } : to(rows.slice(0, at).findLast(({ level }) => level < row.level));
    case 'Enter':
    case ' ':
      return { select: row.file.path };
  }
  if (key.length !== 1) return undefined;
  const ahead = [...rows.slice(at + 1), ...rows.slice(0, at)];
  return to(ahead.find(({ file }) => file.name.toLowerCase().startsWith(key.toLowerCase())));
};
