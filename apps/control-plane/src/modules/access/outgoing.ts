import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@miosa/kernel';
import type { Mail, Mailer } from '@miosa/mail';

/** Beyond that, somebody is flooding us: what is asked for by strangers must not fill the memory. */
const MAX_PENDING = 200;

export interface Outgoing {
  /** Origin of the pages that mails and invites link to. */
  readonly siteUrl: string;
  /** After the answer: neither its time nor its outcome tells the caller what was sent. A failure is logged, without the text. */
  send(mail: Mail): void;
  /** Other work that must not show in the time of an answer. */
  later(what: string, work: () => Promise<void>): void;
  /** When all that was begun has ended, or the time is up: a mail server that says nothing keeps nobody from stopping. */
  settled(withinMs?: number): Promise<void>;
}

/** Without a mailer nothing is sent, and the log says so. */
export const createOutgoing = (mailer: Mailer | null, siteUrl: string, log: Log): Outgoing => {
  const pending = new Set<Promise<void>>();
  const later: Outgoing['later'] = (what, work) => {
    if (pending.size >= MAX_PENDING) return log.warn({ what }, 'too much outgoing at once: dropped');
    const running = work()
      .catch((error: unknown) => log.error({ err: error, what }, 'outgoing work failed'))
      .finally(() => pending.delete(running));
    pending.add(running);
  };
  return {
    siteUrl,
    later,
    send: (mail) => {
      if (mailer === null) log.warn({ subject: mail.subject }, 'no mail driver: not sent');
      else later('mail', () => mailer.send(mail));
    },
    settled: async (withinMs = 2000) => {
      const late = sleep(withinMs, 'late' as const, { ref: false });
      while (pending.size > 0) if ((await Promise.race([Promise.all(pending), late])) === 'late') return;
    },
  };
};
