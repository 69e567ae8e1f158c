import { hasControlCharacters } from '@miosa/kernel';

/** One plain-text message to one address. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Handed over when it returns: to a server, or to a folder. Throws when that failed; nothing is tried again. */
  send(mail: Mail): Promise<void>;
  close(): Promise<void>;
}

/** One address: nothing that a header would read as a second one, a name or a comment. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/;

/** Throws for what could end a header line or name further recipients. Every driver checks before it sends. */
export const checkMail = ({ to, subject }: Mail): void => {
  if (!ADDRESS.test(to) || hasControlCharacters(to) || to.length > 320) throw new TypeError('mail: not one plain address');
  if (hasControlCharacters(subject)) throw new TypeError('mail: control characters in the subject');
};
