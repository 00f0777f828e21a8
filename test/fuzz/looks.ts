import type { Dice } from './dice.ts';
import { any, inCase, indexOf, isArray, isOfSort, isVariant, pathTo, placeAt, type Scope } from './places.ts';
import { caseOf, entry, isCompound, isScalar, kindText, literal, type RecordShape, type Shape } from './shape.ts';
import { elements, entries, named, piece, type Tree } from './tree.ts';

/** Whether everything in the shape is a scalar: compounds are compared by identity with ===. */
const areScalar = (shape: Shape): boolean => {
  if (shape.kind === 'array') return isScalar(shape.element);
  if (shape.kind === 'variant') return shape.cases.every(([, fields]) => fields.every(([, inner]) => isScalar(inner)));
  return shape.kind === 'record' && shape.fields.every(([, inner]) => isScalar(inner));
};

/** Two parts compared by what is in them. */
export const sameParts = (scope: Scope): Tree | undefined => {
  const one = pathTo(scope, any, isCompound);
  const other = one && pathTo(scope, any, isOfSort(one.shape));
  if (!one || !other) return undefined;
  const [a, b] = [placeAt(scope, one), placeAt(scope, other)];
  const make = piece('bool');
  return scope.dice.choose<Tree>(
    [3, () => make`JSON.stringify(${a}) === JSON.stringify(${b})`],
    [areScalar(one.shape) ? 2 : 0, () => make`Object.entries(${a}).every(([key, value]) => ${b}[key] === value)`],
    [1, () => make`Object.keys(${a}).join() === Object.keys(${b}).join()`],
  );
};

/** Two parts compared by which objects they are. */
export const sameObjects = (scope: Scope): Tree | undefined => {
  const one = pathTo(scope, any, isCompound);
  const other = one && pathTo(scope, any, isOfSort(one.shape));
  const list = pathTo(scope, ({ shape }) => isArray(shape) && isCompound(shape.element), isArray);
  const make = piece('bool');
  const a = one && placeAt(scope, one);
  const b = other && placeAt(scope, other);
  const xs = list && placeAt(scope, list);
  return scope.dice.maybe<Tree>(
    [a && b ? 3 : 0, () => make`${a!} === ${b!}`],
    [a && b ? 1 : 0, () => make`Object.is(${a!}, ${b!})`],
    [a && b ? 1 : 0, () => make`new Set([${a!}, ${b!}]).size === 1`],
    [a && b ? 1 : 0, () => make`Object.entries(${a!}).every(([key, value]) => ${b!}[key] === value)`],
    [xs ? 2 : 0, () => make`${xs!}.indexOf(${xs!}.at(-1)) === 0`],
    [xs ? 1 : 0, () => make`new Set(${xs!}).size > 1`],
    [xs ? 1 : 0, () => make`${xs!}.includes(${xs!}[0])`],
    [a && xs ? 1 : 0, () => make`${xs!}.includes(${a!})`],
  );
};

/** Questions to which the answer is the same for every state, if code should ask them at all. */
export const howMade = (scope: Scope): Tree | undefined => {
  const path = pathTo(scope, any, isCompound);
  if (!path) return undefined;
  const place = placeAt(scope, path);
  const make = piece('bool');
  return scope.dice.choose<Tree>(
    [1, () => make`Object.isFrozen(${place})`],
    [1, () => make`Object.isExtensible(${place})`],
    [1, () => make`Object.getPrototypeOf(${place}) === Object.prototype`],
    [1, () => make`(${place} instanceof Object)`],
    [1, () => make`${place}.constructor === Object`],
    [1, () => make`('toString' in ${place})`],
    [1, () => make`String(${place}) === '[object Object]'`],
    [1, () => make`Object.getOwnPropertyDescriptor(${place}, Object.keys(${place})[0])?.writable === false`],
    [1, () => make`Object.values(Object.getOwnPropertyDescriptors(${place})).some(({ value }) => value === 0)`],
    [1, () => make`Reflect.ownKeys(${place}).length > 2`],
    [1, () => make`Object.getOwnPropertySymbols(${place}).length > 0`],
    [1, () => make`${place}.hasOwnProperty('a')`],
    [1, () => make`${place}.propertyIsEnumerable('a')`],
    [1, () => make`isDeepStrictEqual(${place}, {})`],
    [1, () => make`isDeepStrictEqual(${place}, structuredClone(${place}))`],
    [1, () => make`isDraft(${place})`],
    [1, () => make`(Object.freeze(${place}) === 0)`],
    [1, () => make`(Object.preventExtensions(${place}) === 0)`],
    [1, () => make`Reflect.set(${place}, 'a', 0)`],
    [1, () => make`${place}[Symbol.iterator] === undefined`],
    [1, () => make`inspect(${place}).length > 20`],
  );
};

/** What somebody throws. */
export const thrown = (dice: Dice): string =>
  dice.pick([
    'null',
    'undefined',
    "'words'",
    "'two\\nlines'",
    "new Error('two\\nlines \\x1b[31m red')",
    '{ toString() { throw 1; } }',
    'Object.create(null)',
    "Symbol('odd')",
    '1n',
    'new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })',
    "Object.assign(new Error('x'), { stack: undefined, message: { toString: 1 } })",
  ]);

/** All fields of a part, whatever they are. */
export const lookAtAll = (scope: Scope): Tree | undefined => {
  const path = pathTo(scope, any, isCompound);
  if (!path) return undefined;
  const place = placeAt(scope, path);
  const make = piece('bool');
  const { dice } = scope;
  const scalar = dice.pick(['0', '1', 'true', 'false', "'idle'", "'leaf'"]);
  return dice.choose<Tree>(
    [2, () => make`Object.values(${place}).includes(${scalar})`],
    [2, () => make`Object.entries(${place}).some(([key, value]) => key > 'b' && value === ${scalar})`],
    [1, () => make`Object.values({ ...${place} })[0] === ${scalar}`],
    [1, () => make`Object.keys(${place}).some((key) => ${place}[key] === ${scalar})`],
    [1, () => make`JSON.stringify(${place}).includes(String(${scalar}))`],
    [1, () => make`Array.isArray(${place})`],
  );
};

/** A field or an element that may not be there. */
export const maybeThere = (scope: Scope): Tree | undefined => {
  const { dice } = scope;
  const make = piece('bool');
  const ofCase = () => {
    const path = pathTo(
      scope,
      ({ shape }) => isVariant(shape) && shape.cases.some(([, { length }]) => length > 0),
      isVariant,
    );
    const known = path && inCase(scope, path);
    if (!known || known.fields.fields.length === 0) return undefined;
    const { place, fields } = known;
    const [name, shape] = dice.pick(fields.fields);
    const field = named(name, `${fields.id}.${name}`);
    return dice.choose<Tree>(
      [2, () => (isScalar(shape) ? make`${place}.${field} === ${literal(dice, shape)}` : undefined)],
      [1, () => make`('${field}' in ${place})`],
      [1, () => make`Object.hasOwn(${place}, '${field}')`],
      [1, () => make`${place}.${field} === undefined`],
    );
  };
  const ofArray = () => {
    const path = pathTo(scope, ({ shape }) => isArray(shape) && isScalar(shape.element), isArray);
    if (!path) return undefined;
    const [place, index] = [placeAt(scope, path), indexOf(scope, path.shape.length)];
    const by = dice.pick([`[${'@'} + 1]`, `[${'@'} - 1]`, '.at(-1)', '.at(@)']).split('@');
    const element =
      by.length === 1 ? piece('place')`${place}${by[0]!}` : piece('place')`${place}${by[0]!}${index}${by[1]!}`;
    return make`${element} === ${literal(dice, path.shape.element)}`;
  };
  return dice.maybe<Tree>([1, ofCase], [1, ofArray]);
};

export const pattern = ({ dice }: Scope, shape: Shape, depth = 2): Tree => {
  const make = piece('pattern');
  const inner = (of: RecordShape) =>
    entries(
      of.fields
        .filter(() => dice.oneIn(2))
        .map((field) => entry(of, field[0], pattern({ dice, roots: [] }, field[1], depth - 1))),
    );
  return dice.choose<Tree>(
    [1, () => make`P._`],
    [depth > 0 ? 1 : 0, () => make`P.not(${pattern({ dice, roots: [] }, shape, 0)})`],
    [6, () => (isScalar(shape) ? make`${literal(dice, shape)}` : undefined)],
    [1, () => (isScalar(shape) ? make`P.union(${literal(dice, shape)}, ${literal(dice, shape)})` : undefined)],
    [6, () => (shape.kind === 'record' && depth > 0 ? make`{ ${inner(shape)} }` : undefined)],
    [
      6,
      () => {
        if (shape.kind !== 'variant' || depth === 0) return undefined;
        const [kind, fields] = dice.pick(shape.cases);
        return make`{ kind: ${kindText(shape, kind)}, ${inner(caseOf(shape, kind, fields))} }`;
      },
    ],
    [
      4,
      () =>
        shape.kind === 'array' && depth > 0 && shape.length < 5
          ? make`[${elements(
              Array.from({ length: shape.length }, () => pattern({ dice, roots: [] }, shape.element, depth - 1)),
              shape.id,
            )}]`
          : undefined,
    ],
    [
      1,
      () =>
        shape.kind === 'array' && depth > 0
          ? make`P.array(${pattern({ dice, roots: [] }, shape.element, depth - 1)})`
          : undefined,
    ],
  );
};
