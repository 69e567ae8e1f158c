export type { ChangeType, TreeFile } from './filesApi.ts';
export { MiosaFileTree, type MiosaFileTreeProps } from './fileTree.tsx';
export { MiosaPreview, type MiosaPreviewProps } from './preview.tsx';
export { DEFAULT_STRINGS, DEFAULT_TREE_STRINGS, type PreviewStrings, type TreeStrings } from './strings.ts';
export { MiosaTerminal, type MiosaTerminalProps } from './terminal.tsx';
export { TERMINAL_STRINGS, type TerminalStrings } from './terminalStrings.ts';
