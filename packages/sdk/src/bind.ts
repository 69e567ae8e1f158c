/** An API whose functions take an id first, seen from the object with that id. */
export type Bound<Api> = (Api extends (id: string, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : unknown) & {
  readonly [Key in keyof Api]: Bound<Api[Key]>;
};

/** Fixes the first argument of every function, nested ones and functions with functions (`exec.stream`) included. */
export const bind = <Api extends object>(api: Api, id: string): Bound<Api> => {
  const target: object =
    typeof api === 'function' ? (...rest: unknown[]) => (api as unknown as (...all: unknown[]) => unknown)(id, ...rest) : {};
  const members = Object.entries(api).map(([name, member]) => [name, bind(member as object, id)]);
  return Object.assign(target, Object.fromEntries(members)) as Bound<Api>;
};
