interface Slot {
  readonly number: number;
  calls: number;
}

/** Calls of one key by slot, oldest first; only slots that have some, so that an address seen once costs one entry. */
export class SlidingCount {
  readonly #slots: Slot[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  get newest(): number | undefined {
    return this.#slots.at(-1)?.number;
  }

  forgetBefore(slot: number): void {
    for (let oldest = this.#slots[0]; oldest !== undefined && oldest.number < slot; oldest = this.#slots[0]) {
      this.#total -= oldest.calls;
      this.#slots.shift();
    }
  }

  /** An earlier slot than the newest is one of a clock that stepped back: counted with the newest, it counts longer, not shorter. */
  add(slot: number): void {
    const newest = this.#slots.at(-1);
    if (newest !== undefined && newest.number >= slot) newest.calls++;
    else this.#slots.push({ number: slot, calls: 1 });
    this.#total++;
  }

  /** The slot whose leaving makes the total less than `limit`; undefined when even an empty window has no room. */
  slotToLeave(limit: number): number | undefined {
    let left = this.#total;
    for (const { number, calls } of this.#slots) {
      left -= calls;
      if (left < limit) return number;
    }
    return undefined;
  }
}
