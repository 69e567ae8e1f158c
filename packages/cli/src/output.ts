import { toWire } from '@miosa/sdk';
import type { Io } from './io.ts';

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

type Cell = string | number | boolean | null | undefined;

// biome-ignore lint/suspicious/noControlCharactersInRegex: names from elsewhere must not move the cursor or recolour the terminal.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
/** Text from elsewhere, harmless in a terminal; a dash for none. */
export const printable = (cell: Cell): string =>
  cell === null || cell === undefined || cell === '' ? '-' : String(cell).replace(CONTROL, '?');

export const table = (header: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const cells = [header, ...rows.map((row) => row.map(printable))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

/** Results on stdout in one of three forms: for people, `--json` (the wire's own names), `--quiet` (the one word a script needs). */
export class Output {
  readonly #io: Io;
  readonly json: boolean;
  readonly quiet: boolean;

  constructor(io: Io, options: OutputOptions) {
    this.#io = io;
    this.json = options.json === true;
    this.quiet = options.quiet === true;
  }

  /** One result: `word` is what `--quiet` prints, `people` what a person sees. */
  result(value: unknown, word: string, people: string): void {
    if (this.json) this.#io.out(`${JSON.stringify(toWire(value), null, 2)}\n`);
    else if (!this.quiet) this.#io.out(people.endsWith('\n') ? people : `${people}\n`);
    else if (word !== '') this.#io.out(`${word}\n`);
  }

  list<T extends { readonly id: string }>(
    items: readonly T[],
    header: readonly string[],
    row: (item: T) => readonly Cell[],
    empty: string,
  ): void {
    this.listBy((item) => item.id, items, header, row, empty);
  }

  /** `word` is what `--quiet` prints of each. */
  listBy<T>(
    word: (item: T) => string,
    items: readonly T[],
    header: readonly string[],
    row: (item: T) => readonly Cell[],
    empty: string,
  ): void {
    if (this.json) this.#io.out(`${JSON.stringify(toWire(items), null, 2)}\n`);
    else if (this.quiet) this.#io.out(items.map((item) => `${word(item)}\n`).join(''));
    else if (items.length === 0) this.#io.err(`${empty}\n`);
    else this.#io.out(table(header, items.map(row)));
  }

  /** Name and value pairs of one thing. */
  fields(value: { readonly id: string }, pairs: Readonly<Record<string, Cell>>): void {
    this.fieldsBy(value.id, value, pairs);
  }

  fieldsBy(word: string, value: unknown, pairs: Readonly<Record<string, Cell>>): void {
    const width = Math.max(...Object.keys(pairs).map((name) => name.length));
    const lines = Object.entries(pairs).map(([name, cell]) => `${name.padEnd(width)}  ${printable(cell)}\n`);
    this.result(value, word, lines.join(''));
  }

  progress(text: string): void {
    if (!this.quiet) this.#io.err(`${text}\n`);
  }
}
