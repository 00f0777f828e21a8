import type { Dice } from './dice.ts';
import { type ArrayShape, caseOf, kindText, type RecordShape, type Shape, sortOf, type VariantShape } from './shape.ts';
import { named, piece, type Tree, variable } from './tree.ts';

/** Something that code can look at: a variable, or a place that is known to be in a case of its variant. */
export interface Root {
  readonly tree: Tree;
  readonly shape: Shape;
  /** Of a draft: its parts can be assigned to. `itself`: and so can the whole, because it is a place within another draft. */
  readonly draft?: 'parts' | 'itself';
}

/** What code at some place of a program can use. The roots that came last are the nearest. */
export interface Scope {
  readonly dice: Dice;
  readonly roots: readonly Root[];
  readonly alike?: Alike;
}

/** Arrays of the state whose elements can be exchanged for each other: code must not tell them apart. */
export interface Alike {
  readonly state: RecordShape;
  readonly arrays: readonly (readonly [name: string, ArrayShape])[];
  /** The index of the one element that the code is about, if there is one. */
  readonly index?: Tree;
}

export const withRoots = (scope: Scope, ...more: readonly Root[]): Scope => ({
  ...scope,
  roots: [...scope.roots, ...more],
});

export const rootOf = (name: string, shape: Shape, draft?: Root['draft']): Root => ({
  tree: variable(name),
  shape,
  ...(draft && { draft }),
});

type Step =
  | { readonly kind: 'field'; readonly of: RecordShape; readonly name: string }
  | { readonly kind: 'element'; readonly of: ArrayShape };

/** A way from a root to a part that is always there, whatever case variants on the way are in. */
export interface Path {
  readonly root: Root;
  readonly steps: readonly Step[];
  readonly shape: Shape;
}

const pathsFrom = (root: Root, alike: Alike | undefined): Path[] => {
  if (alike && sortOf(root.shape) === alike.state.id) return pathsBeside(root, alike);
  const found: Path[] = [{ root, steps: [], shape: root.shape }];
  for (const { steps, shape } of found) {
    if (shape.kind === 'record')
      for (const [name, inner] of shape.fields)
        found.push({ root, steps: [...steps, { kind: 'field', of: shape, name }], shape: inner });
    if (shape.kind === 'array' && shape.length > 0)
      found.push({ root, steps: [...steps, { kind: 'element', of: shape }], shape: shape.element });
  }
  return found;
};

/** Of a state whose arrays are alike: what is beside them, and in them the elements that the code is about. */
const pathsBeside = (root: Root, { state, arrays, index }: Alike): Path[] => {
  const beside = state.fields.filter(([name]) => !arrays.some(([alike]) => alike === name));
  const fields: Shape = { ...state, id: state.id, fields: beside };
  const elements = index ? arrays.map((array) => elementOf(root, state, array, index)) : [];
  return [
    ...pathsFrom({ ...root, shape: fields }, undefined).slice(1),
    ...elements.flatMap((one) => pathsFrom(one, undefined)),
  ];
};

const elementOf = (
  root: Root,
  state: RecordShape,
  [name, { element }]: Alike['arrays'][number],
  index: Tree,
): Root => ({
  tree: piece('place')`${root.tree}.${named(name, `${state.id}.${name}`)}[${index}]`,
  shape: element,
  ...(root.draft && { draft: 'itself' as const }),
});

/** Of each root that is a state, its arrays whose elements are alike. */
export const arraysAlike = ({
  roots,
  alike,
}: Scope): { readonly root: Root; readonly place: Tree; readonly element: Shape }[] =>
  roots.flatMap((root) =>
    alike && sortOf(root.shape) === alike.state.id
      ? alike.arrays.map(([name, { element }]) => ({
          root,
          place: piece('place')`${root.tree}.${named(name, `${alike.state.id}.${name}`)}`,
          element,
        }))
      : [],
  );

/** A path to a part that is wanted, if there is one; nearer roots are taken more often. */
export const pathTo = <S extends Shape>(
  { dice, roots, alike }: Scope,
  isWanted: (path: Path) => boolean,
  isShape: (shape: Shape) => shape is S,
): (Path & { readonly shape: S }) | undefined => {
  const found = roots.flatMap((root) => {
    const paths = pathsFrom(root, alike).filter((path): path is Path & { readonly shape: S } => isShape(path.shape));
    const wanted = paths.filter(isWanted);
    return wanted.length > 0 ? [wanted] : [];
  });
  if (found.length === 0) return undefined;
  return dice.pick(dice.oneIn(2) ? found.at(-1)! : dice.pick(found));
};

export const any = () => true;
export const isShape = (shape: Shape): shape is Shape => shape !== undefined;
export const isArray = (shape: Shape): shape is ArrayShape => shape.kind === 'array' && shape.length > 0;
export const isRecord = (shape: Shape): shape is RecordShape => shape.kind === 'record' && shape.fields.length > 0;
export const isVariant = (shape: Shape): shape is VariantShape => shape.kind === 'variant';
export const isOfSort =
  <S extends Shape>(of: S) =>
  (shape: Shape): shape is S =>
    sortOf(shape) === sortOf(of);
export const isWritable = ({ root, steps }: Path): boolean =>
  root.draft === 'itself' || (root.draft === 'parts' && steps.length > 0);

/** The path as code, with an index for each array on it. */
export const placeAt = (scope: Scope, { root, steps }: Path, sort = 'place'): Tree => {
  let tree = root.tree;
  for (const step of steps)
    tree =
      step.kind === 'field'
        ? piece('place')`${tree}.${named(step.name, `${step.of.id}.${step.name}`)}`
        : piece('place')`${tree}[${indexOf(scope, step.of.length)}]`;
  return { sort, parts: [tree] };
};

/** An index into an array of so many elements: written out, an argument or variable, or kept in the state. */
export const indexOf = (scope: Scope, length: number): Tree => {
  const { dice, roots } = scope;
  const isIndex = (shape: Shape): shape is Shape => shape.kind === 'range' && shape.min >= 0 && shape.max < length;
  const isNumber = (shape: Shape): shape is Shape => shape.kind === 'range';
  const index = piece('index');
  const plain = () => {
    const names = roots.filter(({ shape, tree }) => tree.variable !== undefined && isIndex(shape));
    return names.length === 0 ? undefined : index`${dice.pick(names).tree}`;
  };
  // Only paths without an index of their own, so that this comes to an end.
  const isDirect = ({ steps }: Path) => steps.every(({ kind }) => kind === 'field');
  const kept = (path: Path | undefined, make: (place: Tree) => Tree) => path && make(placeAt(scope, path));
  return dice.choose<Tree>(
    [3, () => index`${dice.int(0, length - 1)}`],
    [6, plain],
    [3, () => kept(pathTo(scope, isDirect, isIndex), (place) => index`${place}`)],
    [1, () => kept(pathTo(scope, isDirect, isNumber), (place) => index`Math.abs(${place}) % ${length}`)],
    [1, () => kept(pathTo(scope, isDirect, isNumber), (place) => index`(Math.abs(${place}) + 1) % ${length}`)],
  );
};

/** A variant's place in a case that it may be in, as a root for code that runs only there. */
export const inCase = (scope: Scope, path: Path & { readonly shape: VariantShape }) => {
  const { dice } = scope;
  const place = placeAt(scope, path);
  const [kind, fields] = dice.pick(path.shape.cases);
  const { draft } = path.root;
  return {
    place,
    kind: kindText(path.shape, kind),
    name: kind,
    fields: caseOf(path.shape, kind, fields),
    root: { tree: place, shape: caseOf(path.shape, kind, fields), ...(draft && { draft: 'parts' as const }) },
  };
};

/** Code that reads a part of the kind that is wanted, if there is one. */
export const read = <S extends Shape>(
  scope: Scope,
  isWanted: (shape: Shape) => shape is S,
  make: (place: Tree, shape: S) => Tree,
): Tree | undefined => {
  const path = pathTo(scope, any, isWanted);
  return path && make(placeAt(scope, path), path.shape);
};
