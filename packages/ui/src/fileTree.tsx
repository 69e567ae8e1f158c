import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { ChangeType, TreeFile } from './filesApi.ts';
import { DEFAULT_TREE_STRINGS, type TreeStrings } from './strings.ts';
import { rowStyle, type Theme, treeStyle } from './style.ts';
import { moveFor, rowsOf, SHOWN_MAX, type TreeRow } from './treeState.ts';
import { type TreePhase, useFileTree } from './useFileTree.ts';

export interface MiosaFileTreeProps {
  /** Minted by your server: `mbt_…` with `sandbox:files`. An `msk_` key throws. */
  readonly token: string;
  readonly sandboxId: string;
  /** Address of the API; default the hosted one. Only its origin is used. */
  readonly baseUrl?: string;
  /** Folder to show, absolute; default `/workspace`. */
  readonly root?: string;
  /** Names that begin with a dot too. */
  readonly showHidden?: boolean;
  /** Folders that are open at first, absolute. */
  readonly defaultExpanded?: readonly string[];
  readonly className?: string;
  /** No styles at all; `data-state`, `data-type` and the class names remain. */
  readonly unstyled?: boolean;
  readonly theme?: Theme;
  readonly strings?: Partial<TreeStrings>;
  readonly onSelect?: (file: TreeFile) => void;
  /** Something has changed in the sandbox, shown or not. */
  readonly onChange?: (path: string, type: ChangeType) => void;
  /** May return a fresh token when this one has ended. */
  readonly onTokenExpiring?: () => string | undefined | Promise<string | undefined>;
  readonly onError?: (error: Error) => void;
}

const MARKS = { dir: ['▸', '▾'], file: ['·', '·'], symlink: ['↪', '↪'] } as const;

interface RowProps {
  readonly row: TreeRow;
  readonly isFocused: boolean;
  readonly isSelected: boolean;
  readonly style: object | undefined;
  readonly onPick: () => void;
}

const Row = ({ row, isFocused, isSelected, style, onPick }: RowProps): ReactNode => {
  const { file, level, position, siblings, isOpen, isLoaded } = row;
  const item = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Follows the keys, but takes no focus from elsewhere on the page.
    if (isFocused && item.current?.parentElement?.contains(document.activeElement)) item.current.focus();
  }, [isFocused]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree around it has the keys.
    <div
      ref={item}
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={isSelected}
      aria-expanded={file.type === 'dir' ? isOpen : undefined}
      aria-busy={isOpen && !isLoaded}
      tabIndex={isFocused ? 0 : -1}
      className="miosa-file-tree-item"
      data-type={file.type}
      data-path={file.path}
      title={file.path}
      style={style}
      onClick={onPick}
    >
      <span aria-hidden="true">{MARKS[file.type][isOpen ? 1 : 0]} </span>
      {file.name}
    </div>
  );
};

const Notice = ({ phase, strings, retry }: { phase: TreePhase; strings: TreeStrings; retry: () => void }): ReactNode => {
  if (phase === 'ready') return null;
  if (phase === 'loading') return <div role="status">{strings.loading}</div>;
  return (
    <div role="alert" className="miosa-file-tree-notice">
      <span>{strings[phase]} </span>
      {phase === 'failed' || phase === 'paused' ? (
        <button type="button" onClick={retry}>
          {phase === 'paused' ? strings.wake : strings.retry}
        </button>
      ) : null}
    </div>
  );
};

/**
 * Files of a sandbox as a tree that follows what happens in it. Arrow keys, Home, End, Enter, Space and letters work as in any tree.
 * @throws Error when `token` is no browser token, or `baseUrl` is no URL.
 */
export const MiosaFileTree = (props: MiosaFileTreeProps): ReactNode => {
  const { className, unstyled = false, theme = 'light', showHidden = false } = props;
  const root = (props.root ?? '/workspace').replace(/(.)\/+$/, '$1');
  const { state, phase, toggle, retry } = useFileTree(props, root);
  const [focused, setFocused] = useState<string>();
  const [selected, setSelected] = useState<string>();
  const strings = { ...DEFAULT_TREE_STRINGS, ...props.strings };
  const rows = rowsOf(state, root, showHidden);
  const current = rows.some(({ file }) => file.path === focused) ? focused : rows[0]?.file.path;

  const pick = (row: TreeRow): void => {
    setFocused(row.file.path);
    setSelected(row.file.path);
    if (row.file.type === 'dir') toggle(row.file.path);
    props.onSelect?.(row.file);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || current === undefined) return;
    const move = moveFor(event.key, rows, current);
    if (move === undefined) return;
    event.preventDefault();
    if ('focus' in move) setFocused(move.focus);
    if ('toggle' in move) toggle(move.toggle);
    const row = 'select' in move ? rows.find(({ file }) => file.path === move.select) : undefined;
    if (row !== undefined) pick(row);
  };

  return (
    <div
      className={className === undefined ? 'miosa-file-tree' : `miosa-file-tree ${className}`}
      data-state={phase}
      style={unstyled ? undefined : treeStyle(theme)}
    >
      <Notice phase={phase} strings={strings} retry={retry} />
      <div role="tree" aria-label={strings.title} aria-busy={phase === 'loading'} onKeyDown={onKeyDown}>
        {rows.map((row) => (
          <Row
            key={row.file.path}
            row={row}
            isFocused={row.file.path === current}
            isSelected={row.file.path === selected}
            style={unstyled ? undefined : rowStyle(theme, row.level, row.file.path === selected)}
            onPick={() => pick(row)}
          />
        ))}
      </div>
      {phase === 'ready' && rows.length === 0 ? <div role="status">{strings.empty}</div> : null}
      {rows.some(({ siblings }) => siblings > SHOWN_MAX) ? <div role="note">{strings.more}</div> : null}
    </div>
  );
};
