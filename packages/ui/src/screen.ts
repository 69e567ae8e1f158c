import { adoptSheet, safeDocument } from './safeDocument.ts';
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

/** xterm.js in `host`, as large as it. Loaded on first use, and never on a server. */
export const createScreen = async (host: HTMLElement, theme: Theme, events: ScreenEvents): Promise<Screen> => {
  const [{ Terminal }, { FitAddon }] = await Promise.all([import('@xterm/xterm'), import('@xterm/addon-fit')]);
  const document = host.ownerDocument;
  const release = adoptSheet(document, XTERM_CSS);
  const terminal = new Terminal({
    documentOverride: safeDocument(document),
    ...{ cursorBlink: true, fontFamily: FONT, fontSize: 14, scrollback: 5000, screenReaderMode: true, theme: THEMES[theme] },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(host);
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
