import { SpecError } from '../spec/errors.ts';
import { indexIn, type Place, type Slot } from '../system/layout.ts';

/** Watches one run of a function over a packed state: `reads` are the slots that it read, in the order of their first reading. */
export class Observation {
  readonly #words: Uint32Array;
  readonly #seen = new Set<Slot>();
  readonly reads: Slot[] = [];
  /** What stands for the parts of the state as it was: the same part is the same object, in every state that has it. */
  readonly views = new Map<Place, object>();
  #closed = false;
  #left: number;

  /** `words` is read from index 0 and must not change while the observation is open. More than `most` readings are an error. */
  constructor(words: Uint32Array, most = Number.POSITIVE_INFINITY) {
    this.#words = words;
    this.#left = most;
  }

  /** The slot's value, with a note that it was read. Throws once the observation is closed: nobody would see the reading. */
  read(slot: Slot): boolean | number | string {
    if (this.#closed) throw new TypeError('a state that was kept from an earlier call is read');
    if (this.#left-- <= 0) throw new SpecError('reads without end');
    if (!this.#seen.has(slot)) {
      this.#seen.add(slot);
      this.reads.push(slot);
    }
    return slot.valueAt(this.indexOf(slot));
  }

  /** Whether more was to be read than may be. */
  get isExhausted(): boolean {
    return this.#left < 0;
  }

  readonly indexOf = (slot: Slot): number => indexIn(slot, this.#words, 0);

  close(): void {
    this.#closed = true;
  }
}
