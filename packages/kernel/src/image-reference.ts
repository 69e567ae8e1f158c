const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::[0-9]{1,5})?$/i;
const PART = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const ENDING = /^(.*?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@sha256:[0-9a-f]{64})?$/;
const MAX_LENGTH = 512;

/**
 * A registry's name of an image in its one full form: `alpine` and `docker://docker.io/library/alpine:latest` are the same. `null` for what
 * is no such name. Grammar: github.com/distribution/reference.
 */
export const imageReference = (text: string): string | null => {
  const [, name = '', tag, digest = ''] = ENDING.exec(text.replace(/^docker:\/\//, '')) ?? [];
  const parts = name.split('/');
  const first = parts[0] ?? '';
  const namesHost = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost');
  const host = namesHost ? first.toLowerCase() : 'docker.io';
  const path = namesHost ? parts.slice(1) : parts;
  if (text.length > MAX_LENGTH || !HOST.test(host) || !path.every((part) => PART.test(part))) return null;
  const repository = host === 'docker.io' && path.length === 1 ? `library/${path[0]}` : path.join('/');
  const shownTag = tag ?? (digest === '' ? 'latest' : undefined);
  return `${host}/${repository}${shownTag === undefined ? '' : `:${shownTag}`}${digest}`;
};
