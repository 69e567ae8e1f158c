import { randomInt } from 'node:crypto';

/** No vowels, so no words; nothing that reads like a digit (RFC 8628, 6.1). Eight of them are 34 bits, for ten minutes. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

/** What a person reads on one screen and types on another: `WDJB-MJHT`. */
export const newUserCode = (): string => {
  const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
};

/** As it was shown, however it was typed. */
export const readUserCode = (typed: string): string => {
  const letters = typed.toUpperCase().replace(/[^A-Z]/g, '');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
};
