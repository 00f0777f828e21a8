import type { Dice } from './dice.ts';
import {
  type ArrayShape,
  type Fields,
  flag,
  type RecordShape,
  range,
  type Shape,
  scalarsOf,
  type VariantShape,
} from './shape.ts';

const usualNames = ['a', 'b', 'c', 'owner', 'level', 'pte'];
/** Names that an object has already, or that JavaScript asks for by itself. */
const oddNames = ['length', 'size', 'entries', 'then', 'kind', 'map', 'toJSON', 'state'];
const kinds = ['zero', 'leaf', 'table', 'kind', 'length'];
const words = ['idle', 'busy', 'dead', '', "it's", 'constructor', 'é€', 'a\\b', 'true', '0'];

/** Draws shapes; those of one painter do not share an id unless they are the same. */
export interface Painter {
  /** A state's shape: as a rule a record of a few fields. */
  state(): Shape;
  /** A shape within another one. */
  inner(): Shape;
  /** A shape of a few values. */
  small(): Shape;
  array(element: Shape, length: number): ArrayShape;
  record(fields: Fields): RecordShape;
  variant(cases: VariantShape['cases']): VariantShape;
}

/** `isSmall`: no scalars of very many values. */
export const painterOf = (dice: Dice, isSmall: boolean): Painter => {
  let ids = 0;
  const id = () => `#${++ids}`;
  /** Shapes that were drawn, and that may be drawn again. */
  const drawn: Shape[] = [];

  const small = (): Shape =>
    dice.choose<Shape>(
      [4, () => flag],
      [
        4,
        () =>
          range(
            ...dice.pick<readonly [number, number]>([
              [0, 1],
              [0, 2],
              [0, 3],
              [1, 3],
              [-1, 1],
              [-3, -2],
            ]),
          ),
      ],
      [3, () => words_(dice.int(2, 3))],
      [
        1,
        () => ({
          kind: 'enum',
          values: dice.pick([
            [0, 2, 7],
            [-1, 4],
            [5, 0],
            [1, 'one'],
          ]),
        }),
      ],
      [1, () => dice.pick<Shape>([range(4, 4), words_(1)])],
    );
  const words_ = (count: number): Shape => {
    const from = dice.int(0, words.length - count);
    return { kind: 'enum', values: dice.oneIn(3) ? words.slice(from, from + count) : words.slice(0, count) };
  };
  const wide = (): Shape =>
    range(
      ...dice.pick<readonly [number, number]>([
        [0, 255],
        [-5, 5000],
        [0, 2 ** 32 - 1],
        [-(2 ** 31), 2 ** 31 - 1],
        [2 ** 53 - 4, 2 ** 53 - 1],
        [1 - 2 ** 53, 4 - 2 ** 53],
        [-(2 ** 40), -(2 ** 40) + 2 ** 31],
      ]),
    );

  const shape = (depth: number): Shape => {
    const made = dice.choose<Shape>(
      [8, small],
      [isSmall ? 0 : 1, wide],
      [depth > 0 ? 3 : 0, () => ({ kind: 'record', id: id(), fields: fields(dice.int(1, 3), depth - 1) })],
      [depth > 0 ? 4 : 0, () => ({ kind: 'array', id: id(), element: shape(depth - 1), length: length() })],
      [
        depth > 0 ? 4 : 0,
        () => ({
          kind: 'variant',
          id: id(),
          cases: names(kinds, dice.int(1, 3)).map(
            (kind) => [kind, fields(dice.int(0, 2), depth - 1, ['kind'])] as const,
          ),
        }),
      ],
      [depth > 0 && drawn.length > 0 ? 4 : 0, () => dice.pick(drawn)],
    );
    if ('id' in made) drawn.push(made);
    return made;
  };
  const length = () => dice.choose([30, () => dice.int(1, 3)], [1, () => 0], [1, () => dice.pick([5, 9, 9, 33])]);
  const names = (usual: readonly string[], count: number): string[] => {
    const left = [...usual];
    return Array.from({ length: count }, () => left.splice(dice.oneIn(3) ? dice.int(0, left.length - 1) : 0, 1)[0]!);
  };
  const fields = (count: number, depth: number, taken: readonly string[] = []): Fields => {
    const made = names(usualNames, count);
    const odd = dice.pick(oddNames);
    if (count > 0 && dice.oneIn(8) && !taken.includes(odd)) made[0] = odd;
    return made.map((name) => [name, shape(depth)]);
  };

  /** The first that is not too large. */
  const ofScalars = (most: number, draw: () => Shape): Shape => {
    for (;;) {
      const known = drawn.length;
      const made = draw();
      if (scalarsOf(made) <= most) return made;
      drawn.length = known;
    }
  };

  return {
    state: () =>
      ofScalars(dice.oneIn(10) ? 150 : 30, () =>
        dice.oneIn(15) ? shape(3) : { kind: 'record', id: id(), fields: fields(dice.int(1, 4), 3) },
      ),
    inner: () => ofScalars(4, () => shape(2)),
    small,
    array: (element, length) => ({ kind: 'array', id: id(), element, length }),
    record: (made) => ({ kind: 'record', id: id(), fields: made }),
    variant: (cases) => ({ kind: 'variant', id: id(), cases }),
  };
};
