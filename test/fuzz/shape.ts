import type { Dice } from './dice.ts';
import { elements, entries, named, piece, type Tree } from './tree.ts';

/**
 * A domain as data. Compound ones have an id, so that a value can be copied from one place to another of the same kind, and so that
 * a field is known by `id.field`, a case of a variant by `id.case`, a field of a case by `id.case.field`.
 */
export type Shape =
  | { readonly kind: 'flag' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | RecordShape
  | ArrayShape
  | VariantShape;

export interface RecordShape {
  readonly kind: 'record';
  readonly id: string;
  readonly fields: Fields;
}
export interface ArrayShape {
  readonly kind: 'array';
  readonly id: string;
  readonly element: Shape;
  readonly length: number;
}
export interface VariantShape {
  readonly kind: 'variant';
  readonly id: string;
  readonly cases: readonly (readonly [kind: string, Fields])[];
}
export type Fields = readonly (readonly [name: string, Shape])[];

export type Range = Shape & { readonly kind: 'range' };
export type Enum = Shape & { readonly kind: 'enum' };
type Flag = Shape & { readonly kind: 'flag' };
export type Scalar = Range | Enum | Flag;
export type Compound = RecordShape | ArrayShape | VariantShape;

export const isRange = (shape: Shape): shape is Range => shape.kind === 'range';
export const isEnum = (shape: Shape): shape is Enum => shape.kind === 'enum';
export const isFlag = (shape: Shape): shape is Flag => shape.kind === 'flag';
export const isScalar = (shape: Shape): shape is Scalar => !('id' in shape);
export const isCompound = (shape: Shape): shape is Compound => 'id' in shape;

export const flag: Shape = { kind: 'flag' };
export const range = (min: number, max: number): Shape & { readonly kind: 'range' } => ({ kind: 'range', min, max });

/** Values of shapes of one sort are values of the other. */
export const sortOf = (shape: Shape): string => ('id' in shape ? shape.id : domainText(shape));

/** A case of a variant as a record of its fields, without `kind`. */
export const caseOf = ({ id }: VariantShape, kind: string, fields: Fields): RecordShape => ({
  kind: 'record',
  id: `${id}.${kind}`,
  fields,
});

/** How many scalars a value has; of a variant, those of all cases. */
export const scalarsOf = (shape: Shape): number => {
  const sum = (fields: Fields) => fields.reduce((all, [, inner]) => all + scalarsOf(inner), 0);
  switch (shape.kind) {
    case 'record':
      return sum(shape.fields);
    case 'array':
      return shape.length * scalarsOf(shape.element);
    case 'variant':
      return shape.cases.reduce((all, [, fields]) => all + sum(fields), 1);
    default:
      return 1;
  }
};

/** The domain as an author writes it. */
export const domainText = (shape: Shape): string => {
  switch (shape.kind) {
    case 'flag':
      return 'flag';
    case 'enum':
      return `enumOf(${shape.values.map(scalarText).join(', ')})`;
    case 'range':
      return `range(${shape.min}, ${shape.max})`;
    case 'record':
      return `record(${fieldsText(shape.fields)})`;
    case 'array':
      return `array(${domainText(shape.element)}, ${shape.length})`;
    case 'variant':
      return `variant({ ${shape.cases.map(([kind, fields]) => `${kind}: ${fieldsText(fields)}`).join(', ')} })`;
  }
};

const fieldsText = (fields: Fields): string =>
  fields.length === 0 ? '{}' : `{ ${fields.map(([name, shape]) => `${name}: ${domainText(shape)}`).join(', ')} }`;

export const scalarText = (value: string | number): string =>
  typeof value === 'number' ? String(value) : `'${value.replaceAll(/['\\]/g, '\\$&')}'`;

/** Any value of the shape, written out. */
export const literal = (dice: Dice, shape: Shape): Tree =>
  literalOf(shape, {
    scalar: (values) => dice.pick(values),
    integer: (min, max) => {
      if (min <= 0 && max >= 0 && dice.where('-0', 1) && dice.oneIn(2)) return '-0';
      return String(dice.oneIn(2) ? dice.pick([min, max]) : dice.int(min, Math.min(max, min + 5)));
    },
    kind: (cases) => dice.pick(cases),
    order: (fields) => shuffled(dice, fields),
    isShared: () => dice.where('shared parts', 1) > 0 && dice.oneIn(2),
  });

/** In a program that does not keep to the domain's order: in any. */
export const shuffled = <T>(dice: Dice, items: readonly T[]): readonly T[] => {
  if (!dice.where('key order', 1)) return items;
  const left = [...items];
  return items.map(() => left.splice(dice.int(0, left.length - 1), 1)[0]!);
};

/** The shape's first value. */
export const simplestOf = (shape: Shape): Tree => ({
  ...literalOf(shape, {
    scalar: ([first]) => first!,
    integer: (min) => String(min),
    kind: ([first]) => first!,
    order: (fields) => fields,
    isShared: () => false,
  }),
  isSimplest: true,
});

interface Picks {
  scalar<T>(values: readonly T[]): T;
  integer(min: number, max: number): string;
  kind(cases: VariantShape['cases']): VariantShape['cases'][number];
  order(fields: readonly Tree[]): readonly Tree[];
  /** Whether the elements of an array are one object. */
  isShared(): boolean;
}

const literalOf = (shape: Shape, picks: Picks): Tree => {
  const make = piece(sortOf(shape));
  switch (shape.kind) {
    case 'flag':
      return make`${String(picks.scalar([false, true]))}`;
    case 'enum':
      return make`${scalarText(picks.scalar(shape.values))}`;
    case 'range':
      return make`${picks.integer(shape.min, shape.max)}`;
    case 'record':
      return make`{ ${entries(picks.order(shape.fields.map((field) => entry(shape, field[0], literalOf(field[1], picks)))))} }`;
    case 'array': {
      if (picks.isShared()) return make`Array(${shape.length}).fill(${literalOf(shape.element, picks)})`;
      const values = Array.from({ length: shape.length }, () => literalOf(shape.element, picks));
      return make`[${elements(values, shape.id)}]`;
    }
    case 'variant': {
      const [kind, fields] = picks.kind(shape.cases);
      const of = caseOf(shape, kind, fields);
      const given = fields.map((field) => entry(of, field[0], literalOf(field[1], picks)));
      return caseValue(shape, kind, given, picks.order);
    }
  }
};

export const entry = ({ id }: RecordShape, name: string, value: Tree): Tree =>
  piece('entry')`${named(name, `${id}.${name}`)}: ${value}`;

/** A variant's value, from the entries of the case's fields. */
export const caseValue = (
  shape: VariantShape,
  kind: string,
  fields: readonly Tree[],
  order: (fields: readonly Tree[]) => readonly Tree[],
): Tree => {
  const tag = piece('tag')`kind: ${kindText(shape, kind)}`;
  // Without its kind there is no value: it is not one of the entries.
  const [first, ...rest] = order([tag, ...fields]);
  if (first === tag) return piece(shape.id)`{ ${tag}, ${entries(rest)} }`;
  return piece(shape.id)`{ ${entries([first!, ...rest].filter((one) => one !== tag))}, ${tag} }`;
};

export const kindText = ({ id }: VariantShape, kind: string): Tree => named(`'${kind}'`, `${id}.${kind}`);
