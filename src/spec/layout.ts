import type { Domain, Fields, Shape } from './domain.ts';
import { SpecError } from './errors.ts';

/** One scalar of a packed value: `width` bits at `shift` of 32-bit word `word`, holding the index of the value in its domain. */
export interface Slot {
  /** e.g. `tables[1].entries[0].kind` */
  readonly path: string;
  readonly size: number;
  readonly word: number;
  readonly shift: number;
  readonly width: number;
  /** The index of a value, or -1 if it is not in the slot's domain. */
  indexOf(value: unknown): number;
  valueAt(index: number): boolean | number | string;
}

/**
 * How values of a domain are packed into `words` 32-bit words, and back. Equal values, and only equal values, pack to equal
 * words. The cases of a variant share their bits, since only one exists at a time; bits that no active slot uses are 0.
 */
export interface Layout<T> {
  readonly words: number;
  /** Every slot, in the order of the domain's fields; a variant's `kind` comes before the fields of its cases. */
  readonly slots: readonly Slot[];
  /** Packs into `target` from `offset`, or into new words. Throws a SpecError with the path if `value` is outside the domain. */
  encode(value: T, target?: Uint32Array, offset?: number): Uint32Array;
  decode(words: Uint32Array, offset?: number): T;
}

interface Codec {
  /** Returns false where the value leaves the domain. The words start as zeros. */
  encode(value: unknown, words: Uint32Array, offset: number): boolean;
  decode(words: Uint32Array, offset: number): unknown;
}

/** Hands out bits in order. A slot never straddles two words, so that reading it is one shift and one mask. */
class Bits {
  #next = 0;
  #end = 0;
  readonly slots: Slot[] = [];

  slot(path: string, size: number, indexOf: Slot['indexOf'], valueAt: Slot['valueAt']): Slot {
    const width = 32 - Math.clz32(size - 1);
    if ((this.#next % 32) + width > 32) this.#next += 32 - (this.#next % 32);
    const slot = { path, size, word: Math.floor(this.#next / 32), shift: this.#next % 32, width, indexOf, valueAt };
    this.#next += width;
    this.#end = Math.max(this.#end, this.#next);
    this.slots.push(slot);
    return slot;
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

export const layoutOf = <T>(domain: Domain<T>): Layout<T> => {
  const bits = new Bits();
  const codec = codecOf(domain.shape, '', bits);
  return {
    words: bits.words,
    slots: bits.slots,
    encode: (value, target = new Uint32Array(bits.words), offset = 0) => {
      target.fill(0, offset, offset + bits.words);
      if (codec.encode(value, target, offset)) return target;
      const { path, reason } = domain.misfit(value) ?? { path: '', reason: 'it cannot be packed' };
      throw new SpecError(path === '' ? reason : `${path}: ${reason}`);
    },
    decode: (words, offset = 0) => codec.decode(words, offset) as T,
  };
};

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

function codecOf(shape: Shape, path: string, bits: Bits): Codec {
  switch (shape.kind) {
    case 'flag':
      return scalar(
        bits.slot(
          path,
          2,
          (value) => (value === false ? 0 : value === true ? 1 : -1),
          (index) => index === 1,
        ),
      );
    case 'enum': {
      const { values } = shape;
      return scalar(
        bits.slot(
          path,
          values.length,
          (value) => values.findIndex((v) => Object.is(v, value)),
          (index) => values[index]!,
        ),
      );
    }
    case 'range': {
      const { min, max } = shape;
      const inside = (value: unknown): value is number =>
        Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
      return scalar(
        bits.slot(
          path,
          max - min + 1,
          (value) => (inside(value) && !Object.is(value, -0) ? value - min : -1),
          (index) => index + min,
        ),
      );
    }
    case 'record':
      return recordCodec(shape.fields, path, bits, []);
    case 'array':
      return arrayCodec(
        Array.from({ length: shape.length }, (_, i) => codecOf(shape.element.shape, `${path}[${i}]`, bits)),
      );
    case 'variant':
      return variantCodec(shape.cases, path, bits);
  }
}

function scalar({ word, shift, width, indexOf, valueAt }: Slot): Codec {
  const mask = 2 ** width - 1;
  return {
    encode: (value, words, offset) => {
      const index = indexOf(value);
      if (index < 0) return false;
      if (width > 0) words[offset + word]! |= index << shift;
      return true;
    },
    decode: (words, offset) => valueAt(width === 0 ? 0 : ((words[offset + word]! >>> shift) & mask) >>> 0),
  };
}

function recordCodec(fields: Fields, path: string, bits: Bits, tag: readonly string[]): Codec {
  const codecs = Object.entries(fields).map(
    ([name, field]) => [name, codecOf(field.shape, join(path, name), bits)] as const,
  );
  const count = codecs.length + tag.length;
  return {
    encode: (value, words, offset) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      if (Object.keys(value).length !== count) return false;
      const record = value as Readonly<Record<string, unknown>>;
      for (const [name, codec] of codecs) if (!codec.encode(record[name], words, offset)) return false;
      return true;
    },
    decode: (words, offset) => {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of codecs) value[name] = codec.decode(words, offset);
      return value;
    },
  };
}

function arrayCodec(codecs: readonly Codec[]): Codec {
  return {
    encode: (value, words, offset) =>
      Array.isArray(value) &&
      value.length === codecs.length &&
      codecs.every((codec, i) => codec.encode(value[i], words, offset)),
    decode: (words, offset) => codecs.map((codec) => codec.decode(words, offset)),
  };
}

function variantCodec(cases: Readonly<Record<string, Fields>>, path: string, bits: Bits): Codec {
  const kinds = Object.keys(cases);
  const tag = scalar(
    bits.slot(
      join(path, 'kind'),
      kinds.length,
      (kind) => kinds.indexOf(String(kind)),
      (index) => kinds[index]!,
    ),
  );
  const alternatives = Object.values(cases).map((fields) => () => recordCodec(fields, path, bits, ['kind']));
  const codecs = new Map(bits.overlay(alternatives).map((codec, i) => [kinds[i], codec]));
  return {
    encode: (value, words, offset) => {
      const kind = (value as { kind?: string } | null | undefined)?.kind;
      return tag.encode(kind, words, offset) && (codecs.get(kind)?.encode(value, words, offset) ?? false);
    },
    decode: (words, offset) => {
      const kind = String(tag.decode(words, offset));
      return { kind, ...(codecs.get(kind)?.decode(words, offset) as object) };
    },
  };
}
