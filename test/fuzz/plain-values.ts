import type { Domain } from '../../src/spec/domain.ts';

/**
 * Values of domains, told apart and copied by a walk along the domain's shape, and by nothing that the checker uses.
 */

/** Where a value leaves its domain. */
export class OutsideDomain extends Error {}

/**
 * Copies a value in the domain: the copy shares nothing with it, has its keys in the domain's order and 0 for -0, and is frozen all
 * the way down. Throws OutsideDomain.
 */
export type Copy = (value: unknown) => unknown;

/** Two copies are of equal values exactly if they have the same text. */
export const textOfCopy = (copy: unknown): string => JSON.stringify(copy);

export const copyIn = ({ shape }: Domain): Copy => {
  switch (shape.kind) {
    case 'flag':
      return scalar((value) => value === true || value === false);
    case 'enum': {
      const values: readonly unknown[] = shape.values;
      return scalar((value) => values.some((one) => one === value));
    }
    case 'range':
      return scalar((value) => Number.isInteger(value) && Number(value) >= shape.min && Number(value) <= shape.max);
    case 'array': {
      const { length } = shape;
      const element = copyIn(shape.element);
      return (value) => {
        if (!Array.isArray(value) || value.length !== length) throw new OutsideDomain('not such an array');
        const copy: unknown[] = [];
        for (let i = 0; i < length; i++) copy.push(element(value[i]));
        return Object.freeze(copy);
      };
    }
    case 'record':
      return copyFields(shape.fields, []);
    case 'variant': {
      const cases = new Map(Object.entries(shape.cases).map(([kind, fields]) => [kind, copyFields(fields, ['kind'])]));
      return (value) => {
        const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
        const copy = typeof kind === 'string' ? cases.get(kind) : undefined;
        if (!copy) throw new OutsideDomain('no such kind');
        return copy(value);
      };
    }
  }
};

const scalar =
  (isIn: (value: unknown) => boolean): Copy =>
  (value) => {
    if (!isIn(value)) throw new OutsideDomain(`${String(value)} is outside`);
    return value === 0 ? 0 : value;
  };

/** `taken`: fields that are copied as they are, before the others. */
const copyFields = (fields: Readonly<Record<string, Domain>>, taken: readonly string[]): Copy => {
  const copies: (readonly [string, Copy])[] = [
    ...taken.map((name) => [name, (value: unknown) => value] as const),
    ...Object.entries(fields).map(([name, field]) => [name, copyIn(field)] as const),
  ];
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OutsideDomain('not a record');
    if (Object.keys(value).length !== copies.length) throw new OutsideDomain('too few fields, or too many');
    const copy: Record<string, unknown> = {};
    for (const [name, copyField] of copies) {
      if (!Object.hasOwn(value, name)) throw new OutsideDomain(`there is no field ${name}`);
      copy[name] = copyField(Reflect.get(value, name));
    }
    return Object.freeze(copy);
  };
};

/** Every value, the last field varying fastest. */
export const allOf = ({ shape }: Domain): unknown[] => {
  const products = (of: readonly (readonly [string, Domain])[]): object[] =>
    of.reduce<object[]>(
      (made, [name, field]) => made.flatMap((one) => allOf(field).map((inner) => ({ ...one, [name]: inner }))),
      [{}],
    );
  switch (shape.kind) {
    case 'flag':
      return [false, true];
    case 'enum':
      return [...shape.values];
    case 'range':
      return Array.from({ length: shape.max - shape.min + 1 }, (_, i) => shape.min + i);
    case 'array':
      return products(Array.from({ length: shape.length }, (_, i) => [String(i), shape.element])).map((one) =>
        Object.values(one),
      );
    case 'record':
      return products(Object.entries(shape.fields));
    case 'variant':
      return Object.entries(shape.cases).flatMap(([kind, fields]) =>
        products(Object.entries(fields)).map((rest) => ({ kind, ...rest })),
      );
  }
};
