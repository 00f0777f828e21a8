import { bool } from './expressions.ts';
import {
  arraysAlike,
  inCase,
  indexOf,
  isArray,
  isOfSort,
  isRecord,
  isShape,
  isVariant,
  isWritable,
  type Path,
  pathTo,
  placeAt,
  rootOf,
  type Scope,
  withRoots,
} from './places.ts';
import {
  caseOf,
  isRange,
  isScalar,
  kindText,
  type RecordShape,
  type Scalar,
  type Shape,
  scalarText,
  sortOf,
} from './shape.ts';
import { block, entries, named, piece, type Tree, variable } from './tree.ts';
import { value } from './values.ts';

const statement = piece('statement');

/** Some scalar goes on to its next value, or to an argument's. */
export const moved = (scope: Scope, state: Shape): Tree | undefined => {
  const { dice } = scope;
  if (!('id' in state)) return undefined;
  const d = dice.fresh('d');
  const inner = withRoots(scope, rootOf(d, state, 'parts'));
  const path = pathTo(inner, ({ root, steps }) => root.draft !== undefined && steps.length > 0, isScalar);
  if (!path) return undefined;
  const place = placeAt(inner, path);
  const given = pathTo(scope, ({ root }) => root.tree.names !== undefined, isOfSort(path.shape));
  const next = given && dice.oneIn(2) ? placeAt(scope, given, sortOf(path.shape)) : following(place, path.shape);
  const recipe = block([statement`${place} = ${next};`]);
  return piece('statement', [d])`${variable('next')} = update(${variable('next')}, (${d}) => {\n${recipe}\n});`;
};

const following = (place: Tree, shape: Scalar): Tree => {
  const make = piece(sortOf(shape));
  if (shape.kind === 'flag') return make`!${place}`;
  if (shape.kind === 'range') return make`(${place} < ${shape.max} ? ${place} + 1 : ${shape.min})`;
  const list = shape.values.map(scalarText).join(', ');
  return make`[${list}][([${list}].indexOf(${place}) + 1) % ${shape.values.length}]`;
};

/** A draft that leaves its recipe. */
export const lateDraft = (scope: Scope, shape: Shape): Tree => {
  const { dice } = scope;
  const [d, kept] = [dice.fresh('d'), dice.fresh('late')];
  const inner = withRoots(scope, rootOf(d, shape, 'parts'));
  const of = pathTo(
    inner,
    ({ root }) => root.draft !== undefined,
    (one): one is Shape => 'id' in one,
  )!;
  const first = statement`let ${kept};\n${variable('next')} = update(${variable('next')}, (${d}) => {\n${kept} = ${placeAt(inner, of)};\n${block([write(inner) ?? statement`;`])}\n});`;
  const second = dice.choose<Tree>(
    [1, () => statement`if (Object.keys(${kept}).length > 0) next = { ...next };`],
    [1, () => statement`next = update(next, (e) => { Object.assign(e, ${kept}); });`],
    [sortOf(of.shape) === sortOf(shape) ? 1 : 0, () => statement`next = ${kept};`],
  );
  return piece('statement', [d, kept])`${first}\n${second}`;
};

/** A change of a draft. */
export const write = (scope: Scope): Tree | undefined => {
  const { dice } = scope;
  const writable = <S extends Shape>(is: (shape: Shape) => shape is S) => pathTo(scope, isWritable, is);
  const inDraft = <S extends Shape>(is: (shape: Shape) => shape is S) =>
    pathTo(scope, ({ root }) => root.draft !== undefined, is);
  const onto = (path: Path | undefined, make: (place: Tree) => Tree | undefined) => path && make(placeAt(scope, path));

  return dice.maybe<Tree>(
    [4, () => writeAlike(scope)],
    [
      10,
      () => {
        const path = writable(isShape);
        return onto(path, (place) => statement`${place} = ${value(scope, path!.shape, 2)};`);
      },
    ],
    [
      3,
      () => {
        const path = writable(isRange);
        return onto(path, (place) =>
          dice.oneIn(2)
            ? statement`if (${place} < ${path!.shape.max}) ${place}++;`
            : statement`if (${place} > ${path!.shape.min}) ${place} -= 1;`,
        );
      },
    ],
    [
      2,
      () => {
        const one = writable(isShape);
        const other = one && pathTo(scope, isWritable, isOfSort(one.shape));
        if (!one || !other) return undefined;
        const [a, b] = [placeAt(scope, one), placeAt(scope, other)];
        return statement`[${a}, ${b}] = [${b}, ${a}];`;
      },
    ],
    [
      2,
      () => {
        const path = inDraft(isArray);
        return path && onto(path, (place) => inPlace(scope, place, path.shape));
      },
    ],
    [
      2,
      () => {
        const path = inDraft(isRecord);
        if (!path) return undefined;
        const [name, shape] = dice.pick(path.shape.fields);
        const given = piece('entry')`${named(name, `${path.shape.id}.${name}`)}: ${value(scope, shape, 2)}`;
        return onto(path, (place) => statement`Object.assign(${place}, { ${entries([given])} });`);
      },
    ],
    [
      1,
      () => {
        const path = writable((shape): shape is Shape => 'id' in shape);
        if (!path) return undefined;
        const d = dice.fresh('d');
        // Drafts of the recipe around it are not for this one.
        const others = scope.roots.filter(({ draft }) => draft === undefined);
        const inner = withRoots({ ...scope, roots: others }, rootOf(d, path.shape, 'parts'));
        const recipe = block(
          [write(inner), dice.oneIn(2) ? write(inner) : undefined].filter((one) => one !== undefined),
        );
        return onto(path, (place) => piece('statement', [d])`${place} = update(${place}, (${d}) => {\n${recipe}\n});`);
      },
    ],
    [
      2,
      () => {
        const path = inDraft(isVariant);
        return path && turned(scope, path);
      },
    ],
  );
};

/** The same change of all elements that are alike, each by what it is itself. */
const writeAlike = (scope: Scope): Tree | undefined => {
  const { dice } = scope;
  const arrays = arraysAlike(scope).filter(({ root, element }) => root.draft && 'id' in element);
  if (arrays.length === 0) return undefined;
  const { place, element } = dice.pick(arrays);
  const x = dice.fresh('x');
  const apart = {
    ...scope,
    roots: [...scope.roots.filter(({ shape }) => isScalar(shape)), rootOf(x, element, 'parts')],
  };
  const change = write(apart);
  return (
    change &&
    piece('statement', [
      x,
    ])`for (const ${x} of ${place}) {\n${block([statement`if (${bool(apart, 1)}) {\n${block([change])}\n}`])}\n}`
  );
};

/** An array's own methods. */
const inPlace = (scope: Scope, place: Tree, { element, length }: Shape & { readonly kind: 'array' }): Tree => {
  const { dice } = scope;
  return dice.choose<Tree>(
    [3, () => statement`${place}.reverse();`],
    [2, () => statement`${place}.fill(${value(scope, element, 1)});`],
    [2, () => statement`${place}.splice(${indexOf(scope, length)}, 1, ${value(scope, element, 1)});`],
    [1, () => statement`${place}.copyWithin(0, ${dice.int(0, length - 1)});`],
    ['id' in element ? 0 : 2, () => statement`${place}.sort();`],
  );
};

/** A variant that goes from one case to another, field by field. */
const turned = (scope: Scope, path: Path & { readonly shape: Shape & { readonly kind: 'variant' } }): Tree => {
  const { dice } = scope;
  const { place, kind, fields } = inCase(scope, path);
  const [to, toFields] = dice.pick(path.shape.cases);
  const into: RecordShape = caseOf(path.shape, to, toFields);
  const deletions = fields.fields.map(([name]) => statement`delete ${place}.${named(name, `${fields.id}.${name}`)};`);
  const additions = into.fields.map(
    ([name, shape]) => statement`${place}.${named(name, `${into.id}.${name}`)} = ${value(scope, shape, 1)};`,
  );
  const tag = statement`${place}.kind = ${kindText(path.shape, to)};`;
  return statement`if (${place}.kind === ${kind}) {\n${block([...deletions, tag, ...additions])}\n}`;
};
