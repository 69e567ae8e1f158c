export { createOutbox } from './outbox.ts';
export type { Mail, Mailer } from './port.ts';
export { createSmtpMailer, type SmtpOptions } from './smtp.ts';
