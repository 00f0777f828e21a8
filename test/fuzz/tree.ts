/**
 * A piece of a program's text. Programs are written as trees of pieces and not as text, so that a failing one can be made smaller:
 * a piece gives way to a simpler one of its sort, a statement is left out, a field of the state goes with all that names it.
 */
export interface Tree {
  /** Pieces of one sort can stand for each other: `bool`, `number`, `block`, the sort of a shape. */
  readonly sort: string;
  readonly parts: readonly (string | Tree)[];
  /** Of a list: what stands between its parts, each of which may be missing. */
  readonly between?: string;
  /** Of a list whose length is that of an array: which. */
  readonly elementsOf?: string;
  /** The part of a domain that the piece names; without that part there is no such piece. */
  readonly names?: string;
  /** The variable that the piece is. */
  readonly variable?: string;
  /** Variables that can be used within the piece, and not outside it. */
  readonly binds?: readonly string[];
  /** Nothing of its sort is simpler. */
  readonly isSimplest?: true;
}

/** Makes pieces of a sort: piece('bool')`(${left} && ${right})`. */
export const piece =
  (sort: string, binds: readonly string[] = []) =>
  (text: TemplateStringsArray, ...inner: readonly (string | number | Tree)[]): Tree => ({
    sort,
    parts: text.flatMap((before, i) => {
      const next = inner[i];
      return [before, ...(next === undefined ? [] : [typeof next === 'number' ? String(next) : next])];
    }),
    binds,
  });

export const variable = (name: string): Tree => ({ sort: 'variable', parts: [name], variable: name });

/** A name out of a domain: of a field, of a case. */
export const named = (text: string, names: string): Tree => ({ sort: 'name', parts: [text], names });

/** Statements; what some of them declare can be used in those that follow. */
export const block = (statements: readonly Tree[], binds: readonly string[] = []): Tree => ({
  sort: 'block',
  parts: statements,
  between: '\n',
  binds,
});

/** The fields of an object, each with the part of the domain that it belongs to. */
export const entries = (fields: readonly Tree[]): Tree => ({ sort: 'entries', parts: fields, between: ', ' });

export const elements = (values: readonly Tree[], elementsOf: string): Tree => ({
  sort: 'elements',
  parts: values,
  between: ', ',
  elementsOf,
});

export const textOf = ({ parts, between = '' }: Tree): string =>
  parts.map((part) => (typeof part === 'string' ? part : textOf(part))).join(between);

export const sizeOf = ({ parts }: Tree): number =>
  parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : sizeOf(part)), 1);

/** Puts another piece in the place of each part; a part that becomes undefined is left out of a list, and elsewhere takes the whole along. */
export const mapParts = (tree: Tree, map: (part: Tree) => Tree | undefined): Tree | undefined => {
  const parts: (string | Tree)[] = [];
  for (const part of tree.parts) {
    const mapped = typeof part === 'string' ? part : map(part);
    if (mapped !== undefined) parts.push(mapped);
    else if (tree.between === undefined) return undefined;
  }
  return { ...tree, parts };
};

/** The simplest pieces of a sort; none for a sort that has no such thing. */
export type Simplest = (sort: string) => readonly Tree[];

/** The tree without a part of the domain. What names it gives way to something simple or, where nothing is, is left out. */
export const without = (tree: Tree, part: string, simplest: Simplest): Tree | undefined => {
  if (tree.names === part) return undefined;
  return mapParts(tree, (inner) => without(inner, part, simplest) ?? simplest(inner.sort)[0]);
};

/** The tree for arrays of at most so many elements. */
export const shortened = (tree: Tree, array: string, length: number): Tree => {
  const parts = tree.elementsOf === array ? tree.parts.slice(0, length) : tree.parts;
  return { ...tree, parts: parts.map((part) => (typeof part === 'string' ? part : shortened(part, array, length))) };
};

/** Trees with something less, those with much less first. */
export function* smaller(tree: Tree, simplest: Simplest): Generator<Tree> {
  const simple = simplest(tree.sort);
  const size = sizeOf(tree);
  if (!tree.isSimplest) yield* simple.filter((one) => sizeOf(one) <= size);
  if (simple.length > 0 || tree.sort === 'statement') {
    const free = freeIn(tree);
    for (const inner of innerOfSort(tree, tree.sort))
      if ([...freeIn(inner)].every((name) => free.has(name))) yield inner;
  }
  if (tree.sort === 'block')
    for (let length = tree.parts.length; length >= 1; length = Math.floor(length / 2))
      for (let from = 0; from + length <= tree.parts.length; from += length)
        yield { ...tree, parts: tree.parts.toSpliced(from, length) };
  if (tree.sort === 'block')
    for (const [i, part] of tree.parts.entries())
      if (typeof part !== 'string')
        for (const inner of innerOfSort(part, 'block'))
          yield { ...tree, parts: tree.parts.toSpliced(i, 1, ...inner.parts) };
  for (const [i, part] of tree.parts.entries())
    if (typeof part !== 'string')
      for (const less of smaller(part, simplest)) yield { ...tree, parts: tree.parts.with(i, less) };
}

/** The nearest pieces of the sort inside a tree. */
function* innerOfSort(tree: Tree, sort: string): Generator<Tree> {
  for (const part of tree.parts) {
    if (typeof part === 'string') continue;
    if (part.sort === sort) yield part;
    else yield* innerOfSort(part, sort);
  }
}

/** The variables that a piece uses and does not bind. */
const freeIn = (tree: Tree): ReadonlySet<string> => {
  const free = new Set(tree.variable === undefined ? [] : [tree.variable]);
  for (const part of tree.parts) if (typeof part !== 'string') for (const name of freeIn(part)) free.add(name);
  for (const name of tree.binds ?? []) free.delete(name);
  return free;
};
