import { Fault } from '@miosa/kernel';
import { headerLines } from './header-rules.ts';
import type { HeaderRule, RedirectRule } from './manifest.ts';
import { redirectLines } from './redirect-rules.ts';

/** 2000 rules of the longest kind anybody writes by hand. */
const MAX_FILE_CHARACTERS = 1_048_576;

const broken = (file: string, line: number | null, message: string): Fault => {
  const where = line === null ? file : `${file} line ${line}`;
  return new Fault('VALIDATION_ERROR', `${where}: ${message}.`, { details: { file, ...(line !== null && { line }) } });
};

const eachLine = (file: string, text: string, add: (line: string) => void): void => {
  if (text.length > MAX_FILE_CHARACTERS) throw broken(file, null, 'larger than 1 MiB');
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.forEach((line, i) => {
    try {
      add(line);
    } catch (error) {
      throw broken(file, i + 1, (error as Error).message);
    }
  });
};

/** The rules of a `_headers` file. @throws Fault VALIDATION_ERROR that names file and line. */
export const parseHeaders = (text: string): readonly HeaderRule[] => {
  const { rules, add } = headerLines();
  eachLine('_headers', text, add);
  return rules;
};

/** The rules of a `_redirects` file. @throws Fault VALIDATION_ERROR that names file and line. */
export const parseRedirects = (text: string): readonly RedirectRule[] => {
  const { rules, add } = redirectLines();
  eachLine('_redirects', text, add);
  return rules;
};
