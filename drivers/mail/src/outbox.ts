import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkMail, type Mailer } from './port.ts';

/** Without a mail server: every message is a file of the folder, readable by its owner alone, whole as soon as it is there. */
export const createOutbox = (folder: string): Mailer => ({
  send: async (mail) => {
    checkMail(mail);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomBytes(4).toString('hex')}.txt`;
    const part = join(folder, `.${name}`);
    await writeFile(part, `To: ${mail.to}\nSubject: ${mail.subject}\n\n${mail.text}\n`, { mode: 0o600, flag: 'wx' });
    await rename(part, join(folder, name));
  },
  close: async () => {},
});
