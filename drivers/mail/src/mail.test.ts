import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbox, createSmtpMailer, type Mailer } from './index.ts';

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly user: string | undefined;
}

const MAIL = { to: 'anna@example.com', subject: 'Einladung für Dr. Smith', text: 'First line.\n.\nLast line: ä' };
const received: Received[] = [];
const folder = mkdtempSync(join(tmpdir(), 'miosa-outbox-'));
const outbox = join(folder, 'outbox');
let server: SMTPServer;
let drivers: Record<'smtp' | 'outbox', Mailer>;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      password === 'geheim/#' ? done(null, { user: username }) : done(new Error('no such account')),
    onRcptTo: ({ address }, _session, done) => done(address.endsWith('@refused.example') ? new Error('mailbox unknown') : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          user: session.user as unknown as string | undefined,
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  drivers = {
    smtp: createSmtpMailer({ url: `smtp://mailer:geheim%2F%23@127.0.0.1:${port}`, from: 'no-reply@miosa.example' }),
    outbox: createOutbox(outbox),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(drivers).map((driver) => driver.close()));
  await new Promise<void>((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['smtp', 'outbox'] as const)('%s', (name) => {
  it.each([
    ['a second recipient', { ...MAIL, to: 'anna@example.com,eve@example.com' }],
    ['a second recipient in words', { ...MAIL, to: 'eve@example.com <anna@example.com>' }],
    ['a header in the address', { ...MAIL, to: 'anna@example.com\r\nBcc: eve@example.com' }],
    ['a header in the subject', { ...MAIL, subject: 'x\r\nBcc: eve@example.com' }],
  ])('refuses %s', async (_what, mail) => {
    await expect(drivers[name].send(mail)).rejects.toThrow('mail:');
  });
});

it('hands over to a server that wants a login', async () => {
  await drivers.smtp.send(MAIL);
  expect(received).toMatchObject([{ from: 'no-reply@miosa.example', to: ['anna@example.com'], user: 'mailer' }]);
  expect(received[0]?.text).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(received[0]?.text).toContain('First line.');
});

it('says so when the server refuses, and when it is not there', async () => {
  await expect(drivers.smtp.send({ ...MAIL, to: 'x@refused.example' })).rejects.toThrow();
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const nobody = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: 'a@b.example' });
  await expect(nobody.send(MAIL)).rejects.toThrow();
  await nobody.close();
});

it('keeps each message as a file that its owner alone can read', async () => {
  await Promise.all([drivers.outbox.send(MAIL), drivers.outbox.send(MAIL)]);
  const names = readdirSync(outbox);
  expect(names).toHaveLength(2);
  expect(statSync(outbox).mode & 0o777).toBe(0o700);
  for (const name of names) {
    expect(statSync(join(outbox, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(outbox, name), 'utf8')).toBe(`To: ${MAIL.to}\nSubject: ${MAIL.subject}\n\n${MAIL.text}\n`);
  }
});
