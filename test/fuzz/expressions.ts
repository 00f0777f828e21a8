import { howMade, lookAtAll, maybeThere, pattern, sameObjects, sameParts, thrown } from './looks.ts';
import {
  any,
  arraysAlike,
  inCase,
  isArray,
  isRecord,
  isShape,
  isVariant,
  pathTo,
  placeAt,
  read,
  rootOf,
  type Scope,
  withRoots,
} from './places.ts';
import { isCompound, isEnum, isFlag, isRange, isScalar, literal, range } from './shape.ts';
import { named, piece, type Tree } from './tree.ts';

/** An integer, never -0; `depth`: how many pieces may be within each other. */
export const number = (scope: Scope, depth: number): Tree => {
  const { dice } = scope;
  const make = piece('number');
  const less = () => number(scope, depth - 1);
  const deep = depth > 0 ? 1 : 0;
  return dice.choose<Tree>(
    [2, () => make`${dice.pick([0, 1, 2, 3, -1])}`],
    [dice.where('-0', 3), () => make`-0`],
    [dice.where('-0', 3), () => read(scope, isRange, (place) => make`(${place} * -1)`)],
    [6, () => read(scope, isRange, (place) => make`${place}`)],
    [2 * deep, () => make`(${less()} ${dice.pick(['+', '-'])} ${less()})`],
    [deep, () => make`(Math.abs(${less()}) % ${dice.int(2, 3)})`],
    [deep, () => make`Math.${dice.pick(['min', 'max'])}(${less()}, ${less()})`],
    [deep, () => make`Number(${bool(scope, depth - 1)})`],
    [deep, () => make`(${bool(scope, depth - 1)} ? ${less()} : ${less()})`],
    [2 * deep, () => overArray(scope, (place, x, i, inner) => counted(make, place, x, i, inner, depth))],
    [
      4 * deep,
      () => overAlike(scope, (place, x, inner) => make`${place}.filter((${x}) => ${bool(inner, depth - 1)}).length`),
    ],
    [deep, () => read(scope, isRecord, (place) => make`Object.keys(${place}).length`)],
    [deep, () => read(scope, isVariant, (place) => make`Object.keys(${place}).length`)],
    [deep, () => read(scope, isArray, (place) => make`${place}.length`)],
    [
      deep,
      () => {
        const path = pathTo(scope, ({ shape }) => isArray(shape) && isScalar(shape.element), isArray);
        return path && make`${placeAt(scope, path)}.indexOf(${literal(dice, path.shape.element)})`;
      },
    ],
    [
      2 * deep,
      () =>
        whereCase(
          scope,
          make,
          (inner) => number(inner, depth - 1),
          () => make`${dice.int(0, 2)}`,
        ),
    ],
  );
};

const counted = (make: ReturnType<typeof piece>, place: Tree, x: string, i: string, inner: Scope, depth: number) => {
  const test = () => bool(inner, depth - 1);
  return inner.dice.choose<Tree>(
    [3, () => make`${place}.filter((${x}, ${i}) => ${test()}).length`],
    [3, () => make`${place}.findIndex((${x}, ${i}) => ${test()})`],
    [1, () => make`${place}.reduce((sum, ${x}, ${i}) => sum + ${number(inner, depth - 1)}, 0)`],
    [1, () => make`Math.max(0, ...${place}.map((${x}, ${i}) => ${number(inner, depth - 1)}))`],
    [1, () => make`[...${place}].reverse().findIndex((${x}, ${i}) => ${test()})`],
    [1, () => make`[...${place}.entries()].filter(([${i}, ${x}]) => ${test()}).length`],
  );
};

/** A condition. */
export const bool = (scope: Scope, depth: number): Tree => {
  const { dice } = scope;
  const make = piece('bool');
  const less = () => bool(scope, depth - 1);
  const deep = depth > 0 ? 1 : 0;
  const comparison = () => dice.pick(['===', '!==', '<', '<=', '>', '>=']);
  return dice.choose<Tree>(
    [1, () => make`${String(dice.oneIn(2))}`],
    [5, () => read(scope, isFlag, (place) => make`${dice.oneIn(3) ? '!' : ''}${place}`)],
    [
      6,
      () => {
        const path = pathTo(scope, any, isEnum);
        return path && make`${placeAt(scope, path)} ${dice.pick(['===', '===', '!=='])} ${literal(dice, path.shape)}`;
      },
    ],
    [5, () => read(scope, isRange, (place, shape) => make`${place} ${comparison()} ${literal(dice, shape)}`)],
    [
      5,
      () => {
        const path = pathTo(scope, any, isVariant);
        if (!path) return undefined;
        const { place, kind } = inCase(scope, path);
        return make`${place}.kind ${dice.pick(['===', '===', '!=='])} ${kind}`;
      },
    ],
    [2 * deep, () => make`${number(scope, depth - 1)} ${comparison()} ${number(scope, depth - 1)}`],
    [2 * deep, () => make`(${less()} ${dice.pick(['&&', '||'])} ${less()})`],
    [deep, () => make`!(${less()})`],
    [deep, () => make`(${less()} ? ${less()} : ${less()})`],
    [
      3 * deep,
      () =>
        overArray(
          scope,
          (place, x, i, inner) =>
            make`${place}.${dice.pick(['some', 'every'])}((${x}, ${i}) => ${bool(inner, depth - 1)})`,
        ),
    ],
    [
      2 * deep,
      () =>
        whereCase(
          scope,
          make,
          (inner) => bool(inner, depth - 1),
          () => make`${String(dice.oneIn(2))}`,
        ),
    ],
    [
      4 * deep,
      () =>
        overAlike(
          scope,
          (place, x, inner) => make`${place}.${dice.pick(['some', 'every'])}((${x}) => ${bool(inner, depth - 1)})`,
        ),
    ],
    [deep, () => sameParts(scope)],
    [dice.where('identity', 6), () => sameObjects(scope)],
    [dice.where('reflection', 6), () => howMade(scope)],
    [dice.where('reflection', 1), () => make`Object.is(${number(scope, depth - 1)}, -0)`],
    [dice.where('throws', 1), () => make`(() => { throw ${thrown(dice)}; })()`],
    [deep, () => lookAtAll(scope)],
    [deep, () => maybeThere(scope)],
    [deep, () => matched(scope, depth)],
  );
};

/** By ts-pattern. */
const matched = (scope: Scope, depth: number): Tree | undefined => {
  const { dice } = scope;
  const path = pathTo(scope, any, dice.oneIn(2) ? isVariant : isShape);
  if (!path) return undefined;
  const make = piece('bool');
  const first = pattern(scope, path.shape);
  const more = dice.oneIn(2) ? piece('arm')`.with(${pattern(scope, path.shape)}, () => ${bool(scope, depth - 1)})` : '';
  return make`match(${placeAt(scope, path)}).with(${first}, () => ${bool(scope, depth - 1)})${more}.otherwise(() => ${bool(scope, 0)})`;
};

/** Code for where a variant is in a case, and something else for where it is not. */
const whereCase = (
  scope: Scope,
  make: ReturnType<typeof piece>,
  inside: (scope: Scope) => Tree,
  outside: () => Tree,
): Tree | undefined => {
  const { dice } = scope;
  const path = pathTo(scope, any, isVariant);
  if (!path) return undefined;
  const { place, kind, fields, root } = inCase(scope, path);
  const name = dice.fresh('v');
  return dice.choose<Tree>(
    [3, () => make`(${place}.kind === ${kind} ? ${inside(withRoots(scope, root))} : ${outside()})`],
    [
      2,
      () => {
        const arm = piece('arm', [
          name,
        ])`.with({ kind: ${kind} }, (${name}) => ${inside(withRoots(scope, rootOf(name, fields)))})`;
        return make`match(${place})${arm}.otherwise(() => ${outside()})`;
      },
    ],
    [
      fields.fields.length > 0 ? 2 : 0,
      () => {
        const field = dice.pick(fields.fields);
        const bound = piece('arm', [
          name,
        ])`.with({ kind: ${kind} }, ({ ${named(field[0], `${fields.id}.${field[0]}`)}: ${name} }) => ${inside(withRoots(scope, rootOf(name, field[1])))})`;
        return make`match(${place})${bound}.otherwise(() => ${outside()})`;
      },
    ],
  );
};

/** Elements that are alike, all looked at in one way. */
const overAlike = (scope: Scope, make: (place: Tree, x: string, inner: Scope) => Tree): Tree | undefined => {
  const arrays = arraysAlike(scope);
  if (arrays.length === 0) return undefined;
  const { place, element } = scope.dice.pick(arrays);
  const x = scope.dice.fresh('x');
  return { ...make(place, x, withRoots(scope, rootOf(x, element))), binds: [x] };
};

/** Code with a callback that is given an element and its index. */
const overArray = (scope: Scope, make: (place: Tree, x: string, i: string, inner: Scope) => Tree): Tree | undefined => {
  const path = pathTo(scope, any, isArray);
  if (!path) return undefined;
  const [x, i] = [scope.dice.fresh('x'), scope.dice.fresh('i')];
  const inner = withRoots(scope, rootOf(i, range(0, path.shape.length - 1)), rootOf(x, path.shape.element));
  const made = make(placeAt(scope, path), x, i, inner);
  return { ...made, binds: [x, i] };
};

/** A string that says something of what it sees. */
export const words = (scope: Scope): Tree => {
  const { dice } = scope;
  const make = piece('string');
  return dice.choose<Tree>(
    [4, () => make`'r${dice.int(1, 2)}'`],
    [1, () => make`\`n is ${'$'}{${number(scope, 1)}}\``],
    [1, () => read(scope, isScalar, (place) => make`\`at ${'$'}{${place}}\``)],
    [1, () => read(scope, isVariant, (place) => make`${place}.kind`)],
    [1, () => read(scope, isCompound, (place) => make`JSON.stringify(${place})`)],
  );
};
