import type { Law, Program } from './program.ts';
import { type Fields, type Shape, simplestOf, sortOf, type VariantShape } from './shape.ts';
import { shortened, smaller, type Tree, without } from './tree.ts';

/** Programs that have something less than this one, those that have much less first. They need not work. */
export function* smallerPrograms(program: Program): Generator<Program> {
  const { laws, done, symmetry, ...rest } = program;
  if (laws.length > 1) for (const law of laws) yield { ...program, laws: [law] };
  for (const law of laws) yield { ...program, laws: laws.filter((other) => other !== law) };
  if (done) yield { ...rest, laws, ...(symmetry && { symmetry }) };
  if (symmetry) yield { ...rest, laws, ...(done && { done }) };
  for (const part of partsOf(program)) {
    const less = programWithout(program, part);
    if (less) yield less;
  }
  for (const [array, length] of arraysOf(program)) if (length > 1) yield withShorter(program, array, length - 1);
  yield* withSmallerTrees(program);
}

/** The simplest pieces of each sort that there is, for the shapes of a program. */
export const simplestIn =
  (shapes: ReadonlyMap<string, Shape>) =>
  (sort: string): readonly Tree[] => {
    const simple = (...texts: string[]) => texts.map((text): Tree => ({ sort, parts: [text], isSimplest: true }));
    if (sort === 'bool') return simple('false', 'true');
    if (sort === 'number') return simple('0', '1');
    if (sort === 'string') return simple("'r1'");
    if (sort === 'index') return simple('0');
    if (sort === 'pattern') return simple('P._');
    const shape = shapes.get(sort);
    return shape ? [simplestOf(shape)] : [];
  };

/** Every shape of the program by its sort; the cases of variants count as records. */
const shapesOf = ({ state, command, laws }: Program): ReadonlyMap<string, Shape> => {
  const found = new Map<string, Shape>();
  const add = (shape: Shape) => {
    found.set(sortOf(shape), shape);
    if (shape.kind === 'array') add(shape.element);
    if (shape.kind === 'record') for (const [, inner] of shape.fields) add(inner);
    if (shape.kind === 'variant')
      for (const [kind, fields] of shape.cases) add({ kind: 'record', id: `${shape.id}.${kind}`, fields });
  };
  add(state);
  add(command);
  for (const { forEach } of laws) if (forEach) add(forEach);
  return found;
};

/** The parts of domains that can be left out: cases of variants first, which take their fields along. */
const partsOf = (program: Program): string[] => {
  const shapes = [...shapesOf(program).values()];
  const cases = shapes.flatMap((shape) =>
    shape.kind === 'variant' && shape.cases.length > 1 ? shape.cases.map(([kind]) => `${shape.id}.${kind}`) : [],
  );
  const fields = shapes.flatMap((shape) =>
    shape.kind === 'record' ? shape.fields.map(([name]) => `${shape.id}.${name}`) : [],
  );
  return [...cases, ...fields];
};

const arraysOf = (program: Program): (readonly [string, number])[] =>
  [...shapesOf(program).values()].flatMap((shape) =>
    shape.kind === 'array' ? [[shape.id, shape.length] as const] : [],
  );

const programWithout = (program: Program, part: string): Program | undefined => {
  const shape = <S extends Shape>(of: S): S => shapeWithout(of, part);
  const { symmetry, done, ...rest } = program;
  const less = {
    ...rest,
    state: shape(program.state),
    command: shape(program.command),
    laws: program.laws.map((law): Law => ({ ...law, ...(law.forEach && { forEach: shape(law.forEach) }) })),
  };
  const simplest = simplestIn(shapesOf(less));
  return withTrees(
    { ...less, ...(done && { done }) },
    (tree, sort) => without(tree, part, simplest) ?? simplest(sort)[0],
  );
};

const shapeWithout = <S extends Shape>(of: S, part: string): S => {
  const fieldsOf = (id: string, fields: Fields): Fields =>
    fields
      .filter(([name]) => `${id}.${name}` !== part)
      .map(([name, inner]) => [name, shapeWithout(inner, part)] as const);
  const shape: Shape = of;
  const less = ((): Shape => {
    switch (shape.kind) {
      case 'record':
        return { ...shape, fields: fieldsOf(shape.id, shape.fields) };
      case 'array':
        return { ...shape, element: shapeWithout(shape.element, part) };
      case 'variant':
        return {
          ...shape,
          cases: shape.cases
            .filter(([kind]) => `${shape.id}.${kind}` !== part)
            .map(([kind, fields]) => [kind, fieldsOf(`${shape.id}.${kind}`, fields)] as const),
        } satisfies VariantShape;
      default:
        return shape;
    }
  })();
  return less as S;
};

const withShorter = (program: Program, array: string, length: number): Program => {
  const shape = (of: Shape): Shape => {
    if (of.kind === 'record') return { ...of, fields: of.fields.map(([name, inner]) => [name, shape(inner)] as const) };
    if (of.kind === 'array') return { ...of, element: shape(of.element), length: of.id === array ? length : of.length };
    if (of.kind !== 'variant') return of;
    return {
      ...of,
      cases: of.cases.map(
        ([kind, fields]) => [kind, fields.map(([name, inner]) => [name, shape(inner)] as const)] as const,
      ),
    };
  };
  const shorter = withTrees(program, (tree) => shortened(tree, array, length))!;
  return { ...shorter, state: shape(program.state) };
};

/** The program with each of its trees mapped; undefined if one of them cannot be done without. */
const withTrees = (program: Program, map: (tree: Tree, sort: string) => Tree | undefined): Program | undefined => {
  const initial = map(program.initial, sortOf(program.state));
  const done = program.done && map(program.done, 'answer');
  if (!initial || (program.done && !done)) return undefined;
  const rules: Record<string, Tree> = {};
  for (const [kind] of program.command.cases) {
    const body = map(program.rules[kind]!, 'body');
    if (!body) return undefined;
    rules[kind] = body;
  }
  const laws: Law[] = [];
  for (const law of program.laws) {
    const callbacks: Record<string, Tree> = {};
    for (const [name, body] of Object.entries(law.callbacks)) {
      const mapped = map(body, 'answer');
      if (!mapped) return undefined;
      callbacks[name] = mapped;
    }
    laws.push({ ...law, callbacks });
  }
  return { ...program, initial, ...(done && { done }), rules, laws };
};

/** Programs of which one tree is smaller. */
function* withSmallerTrees(program: Program): Generator<Program> {
  const simplest = simplestIn(shapesOf(program));
  for (const [kind, body] of Object.entries(program.rules))
    for (const less of smaller(body, simplest)) yield { ...program, rules: { ...program.rules, [kind]: less } };
  for (const [i, law] of program.laws.entries())
    for (const [name, body] of Object.entries(law.callbacks))
      for (const less of smaller(body, simplest))
        yield { ...program, laws: program.laws.with(i, { ...law, callbacks: { ...law.callbacks, [name]: less } }) };
  if (program.done) for (const less of smaller(program.done, simplest)) yield { ...program, done: less };
  for (const less of smaller(program.initial, simplest)) yield { ...program, initial: less };
}
