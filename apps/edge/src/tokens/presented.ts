const PARAMETERS = new Set(['mt', 'ms', 'token']);
/** Values with these prefixes are ours and never reach an app; every other value of the same parameters is the app's. */
const OURS = /^(?:mp|ms|mbt|msk)_/;

export interface Presented {
  /** In order of appearance; more than one is possible and every one must hold. */
  readonly tokens: readonly string[];
  /** The URL without them, every other byte as it came. */
  readonly cleanUrl: string;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
};

/** The parameters that may carry a token: `mt` a preview token, `ms` a share, `token` either (contract 4.4). */
const fits = (name: string, value: string): boolean =>
  name === 'token' || (name === 'mt' ? value.startsWith('mp_') : value.startsWith('ms_'));

/** Finds tokens in a request target. A token in the other kind's parameter is kept as a token that cannot verify. */
export const presentedIn = (url: string): Presented => {
  const at = url.indexOf('?');
  if (at < 0) return { tokens: [], cleanUrl: url };
  const tokens: string[] = [];
  const rest = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) return true;
      const name = decode(pair.slice(0, equals));
      if (!PARAMETERS.has(name)) return true;
      const value = decode(pair.slice(equals + 1));
      if (!OURS.test(value)) return true;
      tokens.push(fits(name, value) ? value : '');
      return false;
    });
  if (tokens.length === 0) return { tokens, cleanUrl: url };
  const query = rest.join('&');
  return { tokens, cleanUrl: query === '' ? url.slice(0, at) : `${url.slice(0, at)}?${query}` };
};
