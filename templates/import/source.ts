import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { imageReference } from '@miosa/kernel';

export interface ImageSource {
  /** In skopeo's words, with absolute paths. */
  readonly skopeo: string;
  /** The registry's name of the image in full; null for a file, which has none of its own. */
  readonly reference: string | null;
}

const LOCAL = { oci: 'folder', 'oci-archive': 'file', 'docker-archive': 'file' } as const;
const isLocal = (transport: string): transport is keyof typeof LOCAL => Object.hasOwn(LOCAL, transport);

export const SOURCES = 'oci:PATH[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG] or docker://REGISTRY/NAME[:TAG]';

/** Other transports of skopeo read what is not the operator's to give away with an image, such as another daemon's store. Throws. */
export const sourceOf = (text: string, folder = process.cwd()): ImageSource => {
  const [, transport = '', rest = ''] = /^([a-z-]+):(.*)$/s.exec(text) ?? [];
  if (transport === 'docker') {
    const reference = rest.startsWith('//') ? imageReference(text) : null;
    if (reference === null) throw new Error(`'${text}' is not the name of an image. Say docker://REGISTRY/NAME[:TAG].`);
    // skopeo takes a tag or a digest.
    return { skopeo: `docker://${reference.replace(/:[^/:@]+@/, '@')}`, reference };
  }
  if (!isLocal(transport)) throw new Error(`'${text}' is no source that can be imported. Say ${SOURCES}.`);
  const [, path = '', tag = ''] = /^([^:]+)(:.*)?$/s.exec(rest) ?? [];
  const whole = resolve(folder, path);
  if (path === '' || !existsSync(whole)) throw new Error(`There is nothing at '${path}'.`);
  if (statSync(whole).isDirectory() !== (LOCAL[transport] === 'folder'))
    throw new Error(`'${path}' is not a ${LOCAL[transport]}, which ${transport}: needs.`);
  return { skopeo: `${transport}:${whole}${tag}`, reference: null };
};
