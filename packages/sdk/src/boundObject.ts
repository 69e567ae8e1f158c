import { bind } from './bind.ts';

/** An API whose functions take an id first, with one that reads the object of an id. */
interface ById<Result> {
  get(id: string): Promise<Result>;
}

/**
 * A class of objects with actions. Fields are own properties, actions (`names` of the API, bound to the object's id) are inherited: printing,
 * spreading and JSON show the data alone.
 */
export const boundObject = <Api extends ById<Result>, Data extends { readonly id: string }, Result>(
  names: readonly (keyof Api & string)[],
) => {
  class BoundObject {
    readonly #api: Api;
    readonly #id: string;
    readonly #bound = new Map<string, unknown>();

    constructor(api: Api, data: Data) {
      this.#api = api;
      this.#id = data.id;
      // A field of a later server version must not shadow an action.
      for (const [name, value] of Object.entries(data)) if (!(name in this)) Object.assign(this, { [name]: value });
    }

    protected get api(): Api {
      return this.#api;
    }

    /** Bound on first use: most objects of a list are only read. */
    protected action(name: keyof Api & string): unknown {
      let bound = this.#bound.get(name);
      if (bound === undefined) {
        bound = bind(this.#api[name] as object, this.#id);
        this.#bound.set(name, bound);
      }
      return bound;
    }

    /** The same object as it is now. */
    refresh(): Promise<Result> {
      return this.#api.get(this.#id);
    }

    static {
      for (const name of names)
        Object.defineProperty(BoundObject.prototype, name, {
          get(this: BoundObject) {
            return this.action(name);
          },
        });
    }
  }
  return BoundObject;
};
