import type { RawRequest, Route } from '@miosa/http';
import { Fault, type Op } from '@miosa/kernel';

const HOME = '/workspace';

/** Relative paths start at /workspace. `..` is refused, not resolved: behind a symbolic link it leads elsewhere than it reads. */
const isInside = (path: string): boolean => {
  if (path.split('/').includes('..')) return false;
  return !path.startsWith('/') || path === HOME || path.startsWith(`${HOME}/`);
};

/** Every path a files request names, wherever it stands. */
const pathsOf = ({ params, query, body }: RawRequest<unknown, unknown, unknown>): string[] => {
  const json = body !== null && typeof body === 'object' && 'pipe' in body ? undefined : body;
  const texts = [params, query, json].flatMap((part) => {
    const { path, from, to, files } = (part ?? {}) as Record<string, unknown>;
    const inner = Array.isArray(files) ? files.map((file: { readonly path?: unknown }) => file.path) : [];
    return [path, from, to, ...inner];
  });
  return texts.filter((text) => typeof text === 'string');
};

/**
 * The agent's address for a files request. Beneath `/confined` it resolves every path in `/workspace` itself and follows no link out; an agent
 * too old for that answers 404, so nothing is reached.
 */
export const filesAt = ({ actor }: Op, path: `/files${string}`): string => (actor.type === 'browser' ? `/confined${path}` : path);

/**
 * Keeps browser tokens to `/workspace` (contract 2.5, `sandbox:files`) by what paths say; where links lead, the agent judges (`filesAt`).
 * Keys and users go where the sandbox user may.
 */
export const confined = (route: Route): Route => ({
  ...route,
  handler: async (op: Op, request: RawRequest<unknown, unknown, unknown>) => {
    if (op.actor.type === 'browser' && !pathsOf(request).every(isInside)) {
      throw new Fault('FORBIDDEN', 'A browser token reaches files under /workspace only, by paths without "..".', {
        details: { reason: 'outside_workspace' },
      });
    }
    return route.handler(op, request);
  },
});
