import { createTransport } from 'nodemailer';
import { checkMail, type Mailer } from './port.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:587` (STARTTLS where the server offers it) or `smtps://…:465`. */
  readonly url: string;
  /** Sender address. */
  readonly from: string;
}

/** A server that accepts and then says nothing must not hold a sender for nodemailer's ten minutes. */
const TIMEOUT_MS = 10_000;

/** Hands mail to one SMTP server; it queues and repeats from there. */
export const createSmtpMailer = ({ url, from }: SmtpOptions): Mailer => {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // What is sent is text we wrote: it names no file and no address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (mail) => {
      checkMail(mail);
      // Objects, not strings: a string would be parsed as a list of addresses.
      await transport.sendMail({
        from: { name: 'MIOSA', address: from },
        to: { name: '', address: mail.to },
        subject: mail.subject,
        text: mail.text,
      });
    },
    close: async () => transport.close(),
  };
};
