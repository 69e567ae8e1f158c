import { imageReference, invalid } from '@miosa/kernel';
import type { RuntimeCapabilities } from '@miosa/runtime';

interface Beside {
  readonly template_id?: string | undefined;
  readonly snapshot_id?: string | null | undefined;
}

/** The template that the operator made of this image. 422 for one that was not imported: nothing is fetched at a tenant's word. */
export const imageOf = (image: string, beside: Beside, { images = {} }: RuntimeCapabilities): { reference: string; slug: string } => {
  const reference = imageReference(image);
  if (reference === null) throw invalid('image', 'is not the name of an image, such as docker.io/library/alpine:3.20');
  for (const other of ['template_id', 'snapshot_id'] as const)
    if (beside[other] != null) throw invalid('image', `${other} says already what the sandbox is made from`);
  const slug = Object.hasOwn(images, reference) ? images[reference] : undefined;
  if (slug === undefined)
    throw invalid('image', `${reference} is not on this host; its operator can import it with ./miosa template import`);
  return { reference, slug };
};
