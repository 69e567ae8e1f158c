import { appendFileSync } from 'node:fs';

/** A line for people: shown at once, and by `./miosa test` once more at the end, beside the totals. */
export const note = (line: string): void => {
  console.log(line);
  const file = process.env.MIOSA_TEST_NOTES;
  if (file !== undefined) appendFileSync(file, `${line}\n`);
};
