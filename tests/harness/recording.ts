import { readFileSync } from 'node:fs';

/** The operation behind a call of another name. */
const BEHIND: Readonly<Record<string, string>> = { 'sandboxes.terminal.open': 'sandboxes.terminal.create' };

/** A client that keeps the names of the calls made through it. Operation id = SDK call (contract 5.1), so what was called is known by name. */
export const recording = <T extends object>(target: T, called: Set<string>, name = ''): T =>
  new Proxy(target, {
    get: (of, property) => {
      const value: unknown = Reflect.get(of, property);
      if (typeof property !== 'string' || value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
      const callable = typeof value === 'function' ? Object.assign(value.bind(of), value) : value;
      return recording(callable, called, `${name}${name && '.'}${property}`);
    },
    apply: (of, _self, args) => {
      called.add(name);
      called.add(BEHIND[name] ?? name);
      return Reflect.apply(of as (...values: unknown[]) => unknown, undefined, args);
    },
  });

/** Ids of all operations of the API document. */
export const operations = (): string[] => {
  const { paths } = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  return Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
};
