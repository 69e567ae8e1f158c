import { isOurCookie } from '../tokens/cookie.ts';

/** The value without a Domain attribute that reaches beyond the own host; null for cookies of our name (cookie tossing). */
export const ownCookie = (value: string, hostname: string): string | null => {
  const [pair = '', ...attributes] = value.split(';');
  if (isOurCookie(pair)) return null;
  const kept = attributes.filter((attribute) => {
    const [name = '', domain = ''] = attribute.split('=', 2);
    return name.trim().toLowerCase() !== 'domain' || domain.trim().toLowerCase().replace(/^\./, '') === hostname;
  });
  return [pair, ...kept].join(';');
};
