import * as fc from 'fast-check';
import type { Suite } from '../../src/spec/index.ts';
import { anySymmetric } from '../engine/any-symmetric.ts';
import { anyProgram, type Manner } from './any-program.ts';
import type { Plan } from './compare.ts';
import { type Misuse, misuses } from './misuse.ts';
import { moduleText, suiteOf } from './program.ts';

/** A model, and how it is searched. */
export interface Case {
  readonly manner: Manner;
  readonly plan: Plan;
  /** Throws what JavaScript or the vocabulary says of a model that is no program: smaller ones of a program need not be. */
  suite(): Suite;
  /** To be read, and to be kept in a file. */
  text(): string;
}

const plan = (manner: Manner): fc.Arbitrary<Plan> =>
  fc.record({
    maxStates: fc.oneof(
      { arbitrary: fc.constant(300), weight: 20 },
      { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 6 },
      // Tables are compiled from 1000 states on. With a symmetry each row is checked for each exchange, and it takes long.
      { arbitrary: fc.constant(3000), weight: manner === 'usual' ? 2 : 0 },
    ),
    workers: fc.oneof(
      { arbitrary: fc.constant([]), weight: 12 },
      { arbitrary: fc.constantFrom([2], [3], [2, 3]), weight: 1 },
    ),
    littleMemory: fc.nat(9).map((dice) => dice === 9),
    throughCheck: fc.nat(9).map((dice) => dice === 9),
    seed: fc.nat(),
    isSymmetric: fc.constant(manner === 'symmetric'),
    mayBeRefused: fc.constant(mayBeRefused(manner)),
  });

const isMisuse = (manner: Manner): manner is Misuse => Object.hasOwn(misuses, manner);
const mayBeRefused = (manner: Manner): boolean => isMisuse(manner) && misuses[manner] === 'may be refused';

const printed = (made: Case): Case & fc.WithToStringMethod => ({
  ...made,
  [fc.toStringMethod]: () => `${made.text()}\n// ${JSON.stringify(made.plan)}`,
});

const programs = (manner: Manner): fc.Arbitrary<Case> =>
  fc
    .tuple(anyProgram(manner), plan(manner))
    .map(([program, plan]) =>
      printed({ manner, plan, suite: () => suiteOf(program), text: () => moduleText(program) }),
    );

/** Models whose symmetry is more involved than that of the programs: of boxes, and of cells in each box. */
const boxes: fc.Arbitrary<Case> = fc
  .tuple(anySymmetric, plan('symmetric'))
  .map(([suite, plan]) =>
    printed({ manner: 'symmetric', plan, suite: () => suite, text: () => '// of test/search/any-symmetric.ts' }),
  );

export const anyCase: fc.Arbitrary<Case> = fc.oneof(
  { arbitrary: programs('usual'), weight: 60 },
  { arbitrary: programs('symmetric'), weight: 10 },
  { arbitrary: boxes, weight: 2 },
  { arbitrary: programs('lopsided'), weight: 6 },
  ...Object.keys(misuses)
    .filter((name): name is Misuse => Object.hasOwn(misuses, name))
    .map((misuse) => ({ arbitrary: programs(misuse), weight: 2 })),
);
