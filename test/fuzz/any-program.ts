import * as fc from 'fast-check';
import { type Painter, painterOf } from './any-shape.ts';
import { type Dice, diceOf } from './dice.ts';
import { bool, words } from './expressions.ts';
import type { Misuse } from './misuse.ts';
import { type Alike, type Root, rootOf, type Scope } from './places.ts';
import type { Law, Program } from './program.ts';
import {
  entry,
  type Fields,
  kindText,
  literal,
  type RecordShape,
  range,
  type Shape,
  simplestOf,
  type VariantShape,
} from './shape.ts';
import { smallerPrograms } from './smaller.ts';
import { plainTransition, transition } from './statements.ts';
import { elements, entries, named, piece, type Tree } from './tree.ts';

/**
 * What a program is like. `symmetric`: some arrays of its state are interchangeable, and it treats their elements alike; `lopsided`:
 * but for one of its rules, perhaps.
 */
export type Manner = 'usual' | 'symmetric' | 'lopsided' | Misuse;

class AnyProgram extends fc.Arbitrary<Program> {
  readonly #manner: Manner;

  constructor(manner: Manner) {
    super();
    this.#manner = manner;
  }

  override generate(random: fc.Random): fc.Value<Program> {
    return new fc.Value(programOf(diceOf(random, this.#manner), this.#manner), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Program {
    return value !== undefined;
  }

  override shrink(program: Program): fc.Stream<fc.Value<Program>> {
    return fc.stream(smallerPrograms(program)).map((smaller) => new fc.Value(smaller, undefined));
  }
}

/** Programs as authors write them, over any state; a failing one is made smaller. */
export const anyProgram = (manner: Manner): fc.Arbitrary<Program> => new AnyProgram(manner);

/** What all parts of a program are written for. */
interface Ground {
  readonly dice: Dice;
  readonly painter: Painter;
  readonly state: Shape;
  readonly command: VariantShape;
  readonly alike?: Alike;
}

const programOf = (dice: Dice, manner: Manner): Program => {
  const hasSymmetry = manner === 'symmetric' || manner === 'lopsided';
  // Each row is checked for each exchange: where every value has a row of its own, that takes very long.
  const painter = painterOf(dice, hasSymmetry);
  const alike = hasSymmetry ? alikeOf(dice, painter) : undefined;
  const state = alike?.state ?? painter.state();
  const command = commandOf(dice, painter, state, alike);
  const ground: Ground = { dice, painter, state, command, ...(alike && { alike }) };
  const lopsided = manner === 'lopsided' ? dice.int(0, command.cases.length - 1) : -1;
  return {
    state,
    command,
    initial: initialOf(ground),
    rules: Object.fromEntries(
      command.cases.map(([kind, fields], i) => [kind, ruleOf(ground, kind, fields, i === lopsided)]),
    ),
    laws: Array.from({ length: dice.int(1, 6) }, (_, i) => lawOf(ground, `law-${i}`)),
    ...(dice.oneIn(3) && { done: answer(scopeOf(ground, [rootOf('state', state)]), true) }),
    ...(alike && { symmetry: [{ arrays: alike.arrays.map(([name]) => name), names: isNamed(command) ? [item] : [] }] }),
  };
};

/** The argument that names one of the elements that are alike. */
const item = 'item';
const isNamed = ({ cases }: VariantShape) => cases.some(([, fields]) => fields.some(([name]) => name === item));
const indexIn = (id: string): Tree => ({ sort: 'variable', parts: [item], variable: item, names: `${id}.${item}` });

/** A state with one or two arrays whose elements can be exchanged, and something beside. */
const alikeOf = (dice: Dice, painter: Painter): Alike => {
  const length = dice.pick([2, 2, 3, 4]);
  const arrays = ['items', 'more']
    .slice(0, dice.int(1, 2))
    .map((name) => [name, painter.array(painter.inner(), length)] as const);
  const beside = ['pool', 'mode'].slice(0, dice.int(0, 2)).map((name) => [name, painter.inner()] as const);
  return { state: painter.record([...beside, ...arrays]), arrays };
};

const scopeOf = ({ dice, alike }: Ground, roots: readonly Root[], index?: Tree): Scope => ({
  dice,
  roots,
  ...(alike && { alike: { ...alike, ...(index && { index }) } }),
});

const initialOf = ({ dice, state, alike }: Ground): Tree => {
  const simple = dice.oneIn(2);
  const made = (shape: Shape) => (simple ? { ...simplestOf(shape) } : literal(dice, shape));
  if (!alike) return made(state);
  const fields = alike.state.fields.map(([name, shape]) => {
    if (shape.kind !== 'array' || !alike.arrays.some(([one]) => one === name)) return [name, made(shape)] as const;
    const element = made(shape.element);
    return [name, piece(shape.id)`[${elements(Array(shape.length).fill(element), shape.id)}]`] as const;
  });
  return piece(alike.state.id)`{ ${entries(fields.map(([name, value]) => entry(alike.state, name, value)))} }`;
};

/** Some rules do little, so that there are states to see. */
const ruleOf = (ground: Ground, kind: string, fields: Fields, isLopsided: boolean): Tree => {
  const { dice, state, alike, command } = ground;
  const id = `${command.id}.${kind}`;
  const isAlike = alike !== undefined && !isLopsided;
  const hasIndex = isAlike && fields.some(([name]) => name === item);
  const roots = argumentRoots({ kind: 'record', id, fields: fields.filter(([name]) => !isAlike || name !== item) });
  const scope = isAlike ? scopeOf(ground, roots, hasIndex ? indexIn(id) : undefined) : { dice, roots };
  return dice.oneIn(2) ? plainTransition(scope, state) : transition(scope, state);
};

const functions = ['go', 'map', 'stop', 'put', 'tick'];
const argumentNames = ['i', 'j', 'pfn'];

const commandOf = (dice: Dice, painter: Painter, state: Shape, alike: Alike | undefined): VariantShape =>
  painter.variant(
    functions
      .slice(0, dice.pick([1, 2, 3, 3, 4, 5]))
      .map(
        (kind) =>
          [kind, [...indexField(dice, alike), ...fieldsOf(dice, painter, state, dice.pick([0, 1, 1, 2]))]] as const,
      ),
  );

const indexField = (dice: Dice, alike: Alike | undefined): Fields =>
  alike && !dice.oneIn(3) ? [[item, range(0, alike.arrays[0]![1].length - 1)]] : [];

/** Arguments: as a rule an index into one of the state's arrays, or a value that one of its fields may have. */
const fieldsOf = (dice: Dice, painter: Painter, state: Shape, count: number): Fields => {
  const { arrays, scalars } = partsOf(state);
  return argumentNames
    .slice(0, count)
    .map((name) => [
      name,
      dice.choose<Shape>(
        [1, () => painter.small()],
        [2, () => (arrays.length > 0 ? range(0, dice.pick(arrays) - 1) : undefined)],
        [3, () => (scalars.length > 0 ? dice.pick(scalars) : undefined)],
      ),
    ]);
};

/** The lengths of a shape's arrays, and the scalars of few values in it. */
const partsOf = (shape: Shape): { readonly arrays: readonly number[]; readonly scalars: readonly Shape[] } => {
  const all = (inner: readonly Shape[], own: number[] = []) => {
    const parts = inner.map(partsOf);
    return {
      arrays: [...own, ...parts.flatMap(({ arrays }) => arrays)],
      scalars: parts.flatMap(({ scalars }) => scalars),
    };
  };
  switch (shape.kind) {
    case 'record':
      return all(shape.fields.map(([, inner]) => inner));
    case 'variant':
      return all(shape.cases.flatMap(([, fields]) => fields.map(([, inner]) => inner)));
    case 'array':
      return shape.length > 0 ? all([shape.element], shape.length <= 4 ? [shape.length] : []) : all([]);
    case 'range':
      return { arrays: [], scalars: shape.max - shape.min < 4 ? [shape] : [] };
    default:
      return { arrays: [], scalars: [shape] };
  }
};

/** Arguments as variables, which are gone with the argument. */
const argumentRoots = ({ id, fields }: RecordShape): Root[] =>
  fields.map(([name, shape]) => ({
    tree: { sort: 'variable', parts: [name], variable: name, names: `${id}.${name}` },
    shape,
  }));

const lawOf = (ground: Ground, id: string): Law => {
  const { dice, painter, state, command, alike } = ground;
  const index = indexField(dice, alike);
  const others = fieldsOf(dice, painter, state, dice.int(index.length > 0 ? 0 : 1, 2));
  const forEach = index.length > 0 || dice.oneIn(2) ? painter.record([...index, ...others]) : undefined;
  const instance = forEach ? argumentRoots({ ...forEach, fields: others }) : [];
  const scope = (...roots: Root[]) =>
    scopeOf(ground, [...instance, ...roots], forEach && index.length > 0 ? indexIn(forEach.id) : undefined);
  // Where elements are alike a call is asked for its name, and for its index by a comparison with the instance's.
  const called = alike ? [] : [rootOf('command', command)];
  const calls = alike ? callTests(command, index.length > 0) : [];
  const after: Root = { tree: piece('place')`outcome.state`, shape: state };
  const ofState = scope(rootOf('state', state));
  const ofStep = scope(...called, rootOf('before', state), after);
  const kinds = [
    'invariant',
    'invariant',
    'stepProperty',
    'stepProperty',
    'reachable',
    'reachableStep',
    'progress',
  ] as const;
  const kind = dice.pick<Law['kind']>(kinds);
  const callbacks = (): Law['callbacks'] => {
    switch (kind) {
      case 'invariant':
        return { holds: answer(ofState, true) };
      case 'stepProperty':
        return { holds: stepAnswer(ofStep, calls, true) };
      case 'reachable':
        return { when: answer(ofState, false) };
      case 'reachableStep':
        return { when: stepAnswer(ofStep, calls, false) };
      case 'progress':
        return {
          waiting: answer(ofState, false),
          own: dice.choose<Tree>(
            [2, () => piece('answer')`true`],
            [alike ? 0 : 2, () => answer(scope(...called), false)],
            [alike ? 2 : 0, () => piece('answer')`${dice.pick(calls)}`],
          ),
        };
    }
  };
  return { id, kind, ...(forEach && { forEach }), callbacks: callbacks() };
};

/** Questions about a call that do not tell elements apart that are alike. */
const callTests = (command: VariantShape, hasInstance: boolean): readonly Tree[] =>
  command.cases.flatMap(([kind, fields]) => {
    const isCall = piece('bool')`command.kind === ${kindText(command, kind)}`;
    if (!hasInstance || !fields.some(([name]) => name === item)) return [isCall];
    const index = named(item, `${command.id}.${kind}.${item}`);
    return [isCall, ...['===', '!=='].map((is) => piece('bool')`(${isCall} && command.${index} ${is} item)`)];
  });

/** The body of a function that says yes or no, or in words why not. */
const answer = (scope: Scope, inWords: boolean): Tree => {
  return answered(scope, bool(scope, 3), inWords);
};

const stepAnswer = (scope: Scope, calls: readonly Tree[], inWords: boolean): Tree => {
  const { dice } = scope;
  const ofOutcome = dice.pick<string | Tree>([
    ...calls,
    "outcome.result === 'ok'",
    "outcome.result !== 'refused'",
    "outcome.result !== 'panic'",
    'outcome.state === before',
    'outcome.state !== before',
    'outcome.warnings.length === 0',
    "outcome.warnings.includes('w1')",
    "outcome.errno === 'EPERM'",
    "outcome.reason === 'r1'",
  ]);
  const test = dice.choose<Tree>(
    [2, () => bool(scope, 3)],
    [1, () => piece('bool')`${ofOutcome}`],
    [3, () => piece('bool')`(${piece('bool')`${ofOutcome}`} ${dice.pick(['||', '&&'])} ${bool(scope, 2)})`],
  );
  return answered(scope, test, inWords);
};

const answered = (scope: Scope, test: Tree, inWords: boolean): Tree => {
  const { dice } = scope;
  const make = piece('answer');
  return dice.choose<Tree>(
    [1, () => make`${test}`],
    [inWords ? 1 : 0, () => make`${test} || ${words(scope)}`],
    [
      dice.where('wrong types', 2),
      () => make`${test} || ${dice.pick(['undefined', "''", '0', 'null', "'words'", '{}'])}`,
    ],
    [dice.where('wrong types', 1), () => make`${test} ? 1 : true`],
  );
};
