/** A shorter value is a word or a number: removing it would make the log unreadable and hide nothing. */
const LEAST_LENGTH = 6;

interface Secret {
  readonly key: string;
  readonly value: string;
  readonly encrypted?: boolean | undefined;
}

/** A lone surrogate has no encoded form. */
const encoded = (value: string): string => encodeURIComponent(value.toWellFormed());

/** Values that must not stand in a log, in the forms in which commands print them; longest first, since one may hold another. */
const formsOf = (secrets: readonly Secret[]): (readonly [form: string, key: string])[] =>
  secrets
    .filter(({ encrypted }) => encrypted !== false)
    .flatMap(({ key, value }) => {
      const parts = [value, encoded(value), Buffer.from(value).toString('base64'), ...value.split(/\r?\n/)];
      return [...new Set(parts)].filter((part) => part.trim().length >= LEAST_LENGTH).map((part) => [part, key] as const);
    })
    .toSorted(([a], [b]) => b.length - a.length);

/** Replaces values of the environment in a line by the name of the variable. */
export const redactor = (secrets: readonly Secret[]): ((line: string) => string) => {
  const forms = formsOf(secrets);
  return (line) => forms.reduce((text, [form, key]) => (text.includes(form) ? text.replaceAll(form, `[${key}]`) : text), line);
};
