import type { Miosa } from '@miosa/sdk';
import { UserError } from './failure.ts';

/** A password is about to be typed: a link from a mail must not choose where it goes. */
export const tokenOf = (text: string, { baseUrl }: Miosa): string => {
  if (!URL.canParse(text)) return text;
  const link = new URL(text);
  const token = /^\/invites\/([^/]+)\/?$/.exec(link.pathname)?.[1];
  if (token === undefined) throw new UserError(`"${text}" is no link of an invite.`);
  if (link.origin !== new URL(baseUrl).origin)
    throw new UserError(
      `The link is of ${link.origin}, but commands go to ${new URL(baseUrl).origin}. If you trust it, add --base-url ${link.origin}`,
    );
  return decodeURIComponent(token);
};
