import { type Domain, type Fields, isInteger, join, type Shape } from '../spec/domain.ts';
import { SpecError } from '../spec/errors.ts';

/** One scalar of a packed value: `width` bits at `shift` of 32-bit word `word`, holding the index of the value in its domain. */
export interface Slot {
  /** The slot's position in `Layout.slots`. */
  readonly index: number;
  /** e.g. `tables[1].entries[0].kind` */
  readonly path: string;
  /** How many values it has. */
  readonly size: number;
  readonly word: number;
  readonly shift: number;
  readonly width: number;
  /** The index of a value, or -1 if it is not in the slot's domain. */
  indexOf(value: unknown): number;
  valueAt(index: number): boolean | number | string;
}

/** Where the parts of a value are packed: the domain's shape, with slots for scalars. */
export type Place =
  | { readonly kind: 'scalar'; readonly slot: Slot }
  | { readonly kind: 'record'; readonly fields: Places }
  | { readonly kind: 'array'; readonly elements: readonly Place[] }
  | {
      readonly kind: 'variant';
      readonly tag: Slot;
      readonly cases: ReadonlyMap<string, Places>;
      /** The bits of the tag and of all cases, word by word: what a change of case clears. */
      readonly region: readonly { readonly word: number; readonly mask: number }[];
    };

type Places = ReadonlyMap<string, Place>;

/**
 * How values of a domain are packed into `words` 32-bit words, and back. Equal values, and only equal values, pack to equal
 * words. The cases of a variant share their bits, since only one exists at a time; bits that no active slot uses are 0.
 */
export interface Layout<T> {
  readonly words: number;
  /** Every slot, in the order of the domain's fields; a variant's `kind` comes before the fields of its cases. */
  readonly slots: readonly Slot[];
  readonly place: Place;
  /** Where the parts of the second value are, of two that are packed one behind the other. */
  readonly after: Place;
  /** Packs into `target` from `offset`, or into new words. Throws a SpecError with the path if `value` is outside the domain. */
  encode(value: T, target?: Uint32Array, offset?: number): Uint32Array;
  /** The value, frozen all the way down. */
  decode(words: Uint32Array, offset?: number): T;
}

export const layoutOf = <T>(domain: Domain<T>): Layout<T> => {
  const bits = new Bits();
  const place = placeOf(domain.shape, '', bits);
  const words = bits.words;
  return {
    words,
    slots: bits.slots,
    place,
    after: shifted(place, words),
    encode: (value, target = new Uint32Array(words), offset = 0) => {
      target.fill(0, offset, offset + words);
      if (pack(place, value, target, offset)) return target;
      const { path, reason } = domain.misfit(value) ?? { path: '', reason: 'it cannot be packed' };
      throw new SpecError(path === '' ? reason : `${path}: ${reason}`);
    },
    // The slots hold what was packed from a T; this is the one place where bits become typed values again.
    decode: (packed, offset = 0) => unpack(place, packed, offset) as T,
  };
};

/** A copy of a place, with slots of its own, for a value that is packed `words` words further on. */
const shifted = (place: Place, words: number): Place => {
  const slot = (one: Slot): Slot => ({ ...one, word: one.word + words });
  const fields = (places: Places): Places => new Map([...places].map(([name, inner]) => [name, shifted(inner, words)]));
  switch (place.kind) {
    case 'scalar':
      return { ...place, slot: slot(place.slot) };
    case 'record':
      return { ...place, fields: fields(place.fields) };
    case 'array':
      return { ...place, elements: place.elements.map((element) => shifted(element, words)) };
    case 'variant':
      return {
        ...place,
        tag: slot(place.tag),
        cases: new Map([...place.cases].map(([kind, places]) => [kind, fields(places)])),
        region: place.region.map(({ word, mask }) => ({ word: word + words, mask })),
      };
  }
};

/** The slots below a place, always in the same order. */
export const slotsOf = (place: Place): Slot[] => {
  switch (place.kind) {
    case 'scalar':
      return [place.slot];
    case 'record':
      return [...place.fields.values()].flatMap(slotsOf);
    case 'array':
      return place.elements.flatMap(slotsOf);
    case 'variant':
      return [place.tag, ...[...place.cases.values()].flatMap((fields) => [...fields.values()].flatMap(slotsOf))];
  }
};

/** The bits of a slot within its word. */
export const maskOf = ({ shift, width }: Slot): number => (width === 0 ? 0 : (2 ** width - 1) << shift);

/** The index that a slot holds in packed words. */
export const indexIn = ({ word, shift, width }: Slot, words: Uint32Array, offset: number): number =>
  width === 0 ? 0 : ((words[offset + word]! >>> shift) & (2 ** width - 1)) >>> 0;

/** Hands out bits in order. A slot never straddles two words, so that reading it is one shift and one mask. */
class Bits {
  #next = 0;
  #end = 0;
  readonly slots: Slot[] = [];

  slot(path: string, size: number, indexOf: Slot['indexOf'], valueAt: Slot['valueAt']): Slot {
    const width = 32 - Math.clz32(size - 1);
    if ((this.#next % 32) + width > 32) this.#next += 32 - (this.#next % 32);
    const [word, shift] = [Math.floor(this.#next / 32), this.#next % 32];
    const slot = { index: this.slots.length, path, size, word, shift, width, indexOf, valueAt };
    this.#next += width;
    this.#end = Math.max(this.#end, this.#next);
    this.slots.push(slot);
    return slot;
  }

  /** Goes to where the next `count` bits lie together: in one word or, if they are more, from the beginning of one. */
  together(count: number): void {
    if ((this.#next % 32) + count > 32) this.#next = Math.ceil(this.#next / 32) * 32;
  }

  /** How many bits were handed out or skipped. */
  get end() {
    return this.#end;
  }

  /** Lays the alternatives over each other from the present position; the next slot follows the longest. */
  overlay<T>(alternatives: readonly (() => T)[]): T[] {
    const start = this.#next;
    let longest = start;
    const made = alternatives.map((make) => {
      this.#next = start;
      const result = make();
      longest = Math.max(longest, this.#next);
      return result;
    });
    this.#next = longest;
    return made;
  }

  get words() {
    return Math.ceil(this.#end / 32);
  }
}

function placeOf(shape: Shape, path: string, bits: Bits): Place {
  switch (shape.kind) {
    case 'flag': {
      const indexOf = (value: unknown) => (value === false ? 0 : value === true ? 1 : -1);
      return { kind: 'scalar', slot: bits.slot(path, 2, indexOf, (index) => index === 1) };
    }
    case 'enum': {
      const { values } = shape;
      const indexes = new Map<unknown, number>(values.map((value, index) => [value, index]));
      const indexOf = (value: unknown) => indexes.get(value) ?? -1;
      return { kind: 'scalar', slot: bits.slot(path, values.length, indexOf, (index) => values[index]!) };
    }
    case 'range': {
      const { min, max } = shape;
      const indexOf = (value: unknown) => (isInteger(value) && value >= min && value <= max ? value - min : -1);
      return { kind: 'scalar', slot: bits.slot(path, max - min + 1, indexOf, (index) => index + min) };
    }
    case 'record':
      return { kind: 'record', fields: placesOf(shape.fields, path, bits) };
    case 'array': {
      const element = shape.element.shape;
      const together = hasVariant(element) ? bitsOf(element) : 0;
      const elements = Array.from({ length: shape.length }, (_, i) => {
        bits.together(together);
        return placeOf(element, `${path}[${i}]`, bits);
      });
      return { kind: 'array', elements };
    }
    case 'variant':
      return variantPlace(shape.cases, path, bits);
  }
}

/**
 * The cases of a variant share their bits. Elements that hold one are packed alike, at whatever bit they begin, so that two elements
 * are exchanged by exchanging bits, without a look at which case is active.
 */
function hasVariant(shape: Shape): boolean {
  switch (shape.kind) {
    case 'record':
      return Object.values(shape.fields).some((field) => hasVariant(field.shape));
    case 'array':
      return hasVariant(shape.element.shape);
    default:
      return shape.kind === 'variant';
  }
}

function bitsOf(shape: Shape): number {
  const bits = new Bits();
  placeOf(shape, '', bits);
  return bits.end;
}

const placesOf = (fields: Fields, path: string, bits: Bits): Places =>
  new Map(Object.entries(fields).map(([name, field]) => [name, placeOf(field.shape, join(path, name), bits)]));

function variantPlace(cases: Readonly<Record<string, Fields>>, path: string, bits: Bits): Place {
  const kinds = Object.keys(cases);
  const first = bits.slots.length;
  const indexOf = (kind: unknown) => (typeof kind === 'string' ? kinds.indexOf(kind) : -1);
  const tag = bits.slot(join(path, 'kind'), kinds.length, indexOf, (index) => kinds[index]!);
  const overlaid = bits.overlay(Object.values(cases).map((fields) => () => placesOf(fields, path, bits)));
  const masks = new Map<number, number>();
  for (const slot of bits.slots.slice(first)) masks.set(slot.word, (masks.get(slot.word) ?? 0) | maskOf(slot));
  return {
    kind: 'variant',
    tag,
    cases: new Map(overlaid.map((places, i) => [kinds[i]!, places])),
    region: [...masks].map(([word, mask]) => ({ word, mask })),
  };
}

/** Packs into words that are zero. Returns false where the value leaves the domain. */
function pack(place: Place, value: unknown, words: Uint32Array, offset: number): boolean {
  if (place.kind === 'scalar') return packScalar(place.slot, value, words, offset);
  if (typeof value !== 'object' || value === null) return false;
  switch (place.kind) {
    case 'record':
      return !Array.isArray(value) && packFields(place.fields, value, words, offset, 0);
    case 'array':
      return (
        Array.isArray(value) &&
        value.length === place.elements.length &&
        place.elements.every((element, i) => pack(element, value[i], words, offset))
      );
    case 'variant': {
      const kind: unknown = Reflect.get(value, 'kind');
      if (!packScalar(place.tag, kind, words, offset)) return false;
      return packFields(place.cases.get(String(kind))!, value, words, offset, 1);
    }
  }
}

function packScalar(
  { word, shift, width, indexOf }: Slot,
  value: unknown,
  words: Uint32Array,
  offset: number,
): boolean {
  const index = indexOf(value);
  if (index < 0) return false;
  if (width > 0) words[offset + word]! |= index << shift;
  return true;
}

function packFields(fields: Places, value: object, words: Uint32Array, offset: number, more: number): boolean {
  if (Object.keys(value).length !== fields.size + more) return false;
  for (const [name, place] of fields)
    if (!Object.hasOwn(value, name) || !pack(place, Reflect.get(value, name), words, offset)) return false;
  return true;
}

function unpack(place: Place, words: Uint32Array, offset: number): unknown {
  switch (place.kind) {
    case 'scalar':
      return place.slot.valueAt(indexIn(place.slot, words, offset));
    case 'record':
      return unpackFields(place.fields, {}, words, offset);
    case 'array':
      return Object.freeze(place.elements.map((element) => unpack(element, words, offset)));
    case 'variant': {
      const kind = String(place.tag.valueAt(indexIn(place.tag, words, offset)));
      return unpackFields(place.cases.get(kind)!, { kind }, words, offset);
    }
  }
}

function unpackFields(fields: Places, value: Record<string, unknown>, words: Uint32Array, offset: number) {
  for (const [name, place] of fields) value[name] = unpack(place, words, offset);
  return Object.freeze(value);
}
