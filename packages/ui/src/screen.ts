import { adoptSheet, safeDocument, withoutStyleElements } from './safeDocument.ts';
import type { Theme } from './style.ts';
import { XTERM_CSS } from './xtermCss.ts';

/** What is seen of a terminal. */
export interface Screen {
  readonly cols: number;
  readonly rows: number;
  write(bytes: Uint8Array): void;
  reset(): void;
  focus(): void;
  setTheme(theme: Theme): void;
  dispose(): void;
}

export interface ScreenEvents {
  readonly onInput: (text: string) => void;
  readonly onResize: (cols: number, rows: number) => void;
  /** The keyboard should go elsewhere: inside, Tab belongs to the shell. */
  readonly onLeave: () => void;
}

const THEMES = {
  dark: { background: '#111827', foreground: '#f9fafb', cursor: '#f9fafb', selectionBackground: '#374151' },
  light: { background: '#ffffff', foreground: '#111827', cursor: '#111827', selectionBackground: '#bfdbfe' },
} as const;
const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Where xterm.js 6.0.0 keeps what makes its rows. */
interface Inside {
  readonly _core?: {
    readonly _renderService?: { readonly _renderer?: { readonly value?: { readonly _rowFactory?: { _document?: Document } } } };
  };
}

/**
 * The maker of rows takes the global document instead of the one that xterm.js was given, and sets 24-bit colours as style attributes. Should a later
 * version keep it elsewhere, those colours are missing where a policy forbids the attribute, and the browser test of this package says so.
 */
const giveToRows = (terminal: object, document: Document): void => {
  const rows = (terminal as Inside)._core?._renderService?._renderer?.value?._rowFactory;
  if (rows?._document !== undefined) rows._document = document;
};

/** xterm.js in `host`, as large as it. Loaded on first use, and never on a server. */
export const createScreen = async (host: HTMLElement, theme: Theme, events: ScreenEvents): Promise<Screen> => {
  const [{ Terminal }, { FitAddon }] = await Promise.all([import('@xterm/xterm'), import('@xterm/addon-fit')]);
  const document = host.ownerDocument;
  const release = adoptSheet(document, XTERM_CSS);
  const safe = safeDocument(document);
  const terminal = new Terminal({
    documentOverride: safe,
    ...{ cursorBlink: true, fontFamily: FONT, fontSize: 14, scrollback: 5000, screenReaderMode: true, theme: THEMES[theme] },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  withoutStyleElements(document, () => terminal.open(host));
  giveToRows(terminal, safe);
  fit.fit();
  terminal.onData(events.onInput);
  terminal.onResize(({ cols, rows }) => events.onResize(cols, rows));
  terminal.attachCustomKeyEventHandler((event) => {
    const leaves = event.type === 'keydown' && event.key === 'Escape' && event.shiftKey;
    if (leaves) events.onLeave();
    return !leaves;
  });
  const watch = typeof ResizeObserver === 'undefined' ? undefined : new ResizeObserver(() => fit.fit());
  watch?.observe(host);
  return {
    get cols() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    write: (bytes) => terminal.write(bytes),
    reset: () => terminal.reset(),
    focus: () => terminal.focus(),
    setTheme: (next) => {
      terminal.options.theme = THEMES[next];
    },
    dispose: () => {
      watch?.disconnect();
      terminal.dispose();
      release();
    },
  };
};
