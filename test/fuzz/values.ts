import { bool, number } from './expressions.ts';
import { any, indexOf, isOfSort, pathTo, placeAt, read, rootOf, type Scope, withRoots } from './places.ts';
import {
  type ArrayShape,
  caseOf,
  caseValue,
  type Enum,
  entry,
  isScalar,
  literal,
  type Range,
  type RecordShape,
  range,
  type Shape,
  scalarText,
  shuffled,
  sortOf,
} from './shape.ts';
import { elements, entries, piece, type Tree } from './tree.ts';

/** A value of the shape. */
export const value = (scope: Scope, shape: Shape, depth: number): Tree => {
  const { dice } = scope;
  const make = piece(sortOf(shape));
  const copied = () => {
    const path = pathTo(scope, any, isOfSort(shape));
    return path && placeAt(scope, path, sortOf(shape));
  };
  if (depth <= 0) return dice.choose<Tree>([1, () => literal(dice, shape)], [2, copied]);
  const made = () => {
    switch (shape.kind) {
      case 'flag':
        return make`${bool(scope, depth - 1)}`;
      case 'enum':
        return enumValue(scope, shape, depth);
      case 'range':
        return rangeValue(scope, shape, depth);
      case 'record':
        return recordValue(scope, shape, depth);
      case 'array':
        return arrayValue(scope, shape, depth);
      case 'variant': {
        const [kind, fields] = dice.pick(shape.cases);
        const given = fieldValues(scope, caseOf(shape, kind, fields), depth);
        return caseValue(shape, kind, given, (all) => shuffled(dice, all));
      }
    }
  };
  const copy = (text: (place: Tree) => Tree) => () => {
    const path = pathTo(scope, any, isOfSort(shape));
    return path && text(placeAt(scope, path));
  };
  const less = () => value(scope, shape, depth - 1);
  const chosen = () =>
    make`(${bool(scope, depth - 1)} ? ${value(scope, shape, depth - 1)} : ${value(scope, shape, 0)})`;
  return dice.choose<Tree>(
    [3, () => literal(dice, shape)],
    [3, copied],
    [5, made],
    [1, chosen],
    [dice.where('copies', 4), copy((place) => make`JSON.parse(JSON.stringify(${place}))`)],
    [dice.where('reflection', 3), copy((place) => make`structuredClone(${place})`)],
    [dice.where('immer', 3), copy((place) => make`produce(${place}, () => {})`)],
    [dice.where('immer', 3), copy((place) => make`produce(${place}, () => (${less()}))`)],
    [dice.where('returning recipes', 3), copy((place) => make`update(${place}, () => (${less()}))`)],
  );
};

const fieldValues = (scope: Scope, of: RecordShape, depth: number): Tree[] => {
  const given = of.fields.map((field) => entry(of, field[0], value(scope, field[1], depth - 1)));
  const more = scope.dice.where('a field too many', 1) && scope.dice.oneIn(6);
  return [...shuffled(scope.dice, given), ...(more ? [piece('entry')`extra: undefined`] : [])];
};

const enumValue = (scope: Scope, shape: Enum, depth: number): Tree => {
  const { dice } = scope;
  const make = piece(sortOf(shape));
  const list = shape.values.map(scalarText).join(', ');
  return dice.choose<Tree>(
    [2, () => make`(${bool(scope, depth - 1)} ? ${literal(dice, shape)} : ${literal(dice, shape)})`],
    [1, () => make`[${list}][${indexOf(scope, shape.values.length)}]`],
    [
      1,
      () =>
        read(
          scope,
          isOfSort(shape),
          (place) => make`[${list}][([${list}].indexOf(${place}) + 1) % ${shape.values.length}]`,
        ),
    ],
  );
};

const rangeValue = (scope: Scope, { min, max }: Range, depth: number): Tree => {
  const { dice } = scope;
  const make = piece(sortOf(range(min, max)));
  const kept = (next: (place: Tree) => Tree) => () => read(scope, isOfSort(range(min, max)), next);
  return dice.choose<Tree>(
    [2, () => make`Math.max(${min}, Math.min(${max}, ${number(scope, depth - 1)}))`],
    [
      max - min < 2 ** 32 && min > -(2 ** 32) && max < 2 ** 33 ? 2 : 0,
      () => make`${min} + (Math.abs(${number(scope, depth - 1)}) % ${max - min + 1})`,
    ],
    [3, kept((place) => make`(${place} < ${max} ? ${place} + 1 : ${min})`)],
    [2, kept((place) => make`Math.max(${min}, ${place} - 1)`)],
    [min === -max ? dice.where('-0', 6) : 0, kept((place) => make`${place} * -1`)],
    [min <= 0 ? dice.where('-0', 6) : 0, kept((place) => make`Math.max(${min}, 0 * -${place})`)],
    // Out of the domain, sooner or later.
    [dice.oneIn(40) ? 3 : 0, kept((place) => make`${place} + 1`)],
  );
};

const recordValue = (scope: Scope, shape: RecordShape, depth: number): Tree => {
  const { dice } = scope;
  const make = piece(shape.id);
  const spread = () => {
    const path = pathTo(scope, any, isOfSort(shape));
    if (!path) return undefined;
    const place = placeAt(scope, path);
    const changed = shape.fields.filter(() => dice.oneIn(2));
    const given = entries(changed.map((field) => entry(shape, field[0], value(scope, field[1], depth - 1))));
    return dice.choose<Tree>(
      [
        dice.where('key order', 3),
        () =>
          make`{ ${entries([...given.parts.filter((one) => typeof one !== 'string'), piece('entry')`...${place}`, ...given.parts.filter((one) => typeof one !== 'string')])} }`,
      ],
      [dice.where('a field too many', dice.oneIn(4) ? 3 : 0), () => make`{ ...${place}, extra: undefined, ${given} }`],
      [dice.where('copies', 4), () => make`Object.assign(Object.create(null), ${place}, { ${given} })`],
      [dice.where('copies', 4), () => make`Object.assign(new (class Part {})(), ${place}, { ${given} })`],
      [dice.where('copies', 2), () => make`Object.defineProperty({ ...${place}, ${given} }, 'hidden', { value: 1 })`],
      [dice.where('copies', 2), () => make`{ ...${place}, [Symbol.for('part')]: 1, ${given} }`],
      [dice.where('copies', 2), () => make`Object.freeze({ ...${place}, ${given} })`],
      [4, () => make`{ ...${place}, ${given} }`],
      [1, () => make`Object.assign({}, ${place}, { ${given} })`],
      [1, () => make`Object.fromEntries(Object.entries(${place}))`],
    );
  };
  return dice.choose<Tree>([3, spread], [2, () => make`{ ${entries(fieldValues(scope, shape, depth))} }`]);
};

const arrayValue = (scope: Scope, shape: ArrayShape, depth: number): Tree => {
  const { dice } = scope;
  const make = piece(shape.id);
  const { element, length } = shape;
  const inner = () => value(scope, element, depth - 1);
  const [x, i] = [dice.fresh('x'), dice.fresh('i')];
  const mapped = (place: Tree) => {
    const within = withRoots(scope, rootOf(i, range(0, Math.max(0, length - 1))), rootOf(x, element));
    const map = piece(shape.id, [x, i]);
    return map`${place}.map((${x}, ${i}) => (${bool(within, depth - 1)} ? ${value(within, element, depth - 1)} : ${x}))`;
  };
  const ofPlace = (change: (place: Tree) => Tree) => () => read(scope, isOfSort(shape), change);
  const made = Array.from({ length }, (_, at) => (at < 3 ? inner() : literal(dice, element)));
  return dice.choose<Tree>(
    [2, () => make`[${elements(made, shape.id)}]`],
    [4, ofPlace(mapped)],
    [2, ofPlace((place) => make`[...${place}]`)],
    [2, ofPlace((place) => make`[...${place}].reverse()`)],
    [1, ofPlace((place) => make`${place}.toReversed()`)],
    [1, ofPlace((place) => make`${place}.slice()`)],
    [1, ofPlace((place) => make`${place}.concat([])`)],
    [1, ofPlace((place) => make`Array.from(${place})`)],
    [length > 0 ? 3 : 0, ofPlace((place) => make`${place}.with(${indexOf(scope, length)}, ${inner()})`)],
    [length > 0 ? 2 : 0, ofPlace((place) => make`[...${place}.slice(1), ${inner()}]`)],
    [isScalar(element) ? 1 : 0, ofPlace((place) => make`[...${place}].sort()`)],
    [1, () => make`Array.from({ length: ${length} }, () => (${inner()}))`],
    [1, () => make`Array(${length}).fill(${inner()})`],
  );
};
