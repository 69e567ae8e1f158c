/** Every text of a terminal that a person can see or hear, beside its content. */
export interface TerminalStrings {
  /** For screen readers; says how the keyboard leaves. */
  readonly title: string;
  readonly opening: string;
  readonly exited: string;
  readonly failed: string;
  readonly again: string;
}

export const TERMINAL_STRINGS: TerminalStrings = {
  title: 'Terminal. Shift+Escape leaves it.',
  opening: 'Opening the terminal …',
  exited: 'The shell has ended.',
  failed: 'The terminal is not available.',
  again: 'Open again',
};
