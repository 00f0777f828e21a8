import * as fc from 'fast-check';
import {
  array,
  disabled,
  enumOf,
  flag,
  type Infer,
  type Interchangeable,
  invariant,
  type Outcome,
  ok,
  type Property,
  panic,
  progress,
  range,
  reachable,
  reachableStep,
  record,
  refuse,
  type System,
  stepProperty,
  suite,
  update,
  variant,
  warn,
} from '../../src/spec/index.ts';
import { tiny } from './tiny.ts';

const kinds = ['a', 'b', 'c'] as const;

/** Three items with a flag each, and two boxes of two cells each. Items, cells of a box, and boxes may be exchanged. */
const state = record({
  pool: range(0, 2),
  items: array(enumOf(...kinds), 3),
  flags: array(flag, 3),
  boxes: array(record({ cells: array(variant({ free: {}, used: { by: range(0, 2) } }), 2), open: flag }), 2),
});
type State = Infer<typeof state>;
const command = variant({
  item: { rule: range(0, 1), item: range(0, 2) },
  cell: { rule: range(0, 1), box: range(0, 1), cell: range(0, 1) },
  all: {},
});
type Command = Infer<typeof command>;

export const groups: readonly Interchangeable[] = [
  { arrays: ['items', 'flags'], names: ['item'] },
  { arrays: ['boxes'], names: ['box'] },
  { arrays: ['boxes[].cells'], names: [['box', 'cell']] },
];

interface Place {
  readonly item: number;
  readonly box: number;
  readonly cell: number;
}

/** Numbers that do not depend on where the parts are, but for the ones that the command names. */
const looks: readonly ((s: State, at: Place) => number)[] = [
  (s) => s.pool,
  (s, { item }) => kinds.indexOf(s.items[item]!),
  (s, { item }) => Number(s.flags[item]),
  (s) => s.items.filter((one) => one === 'b').length,
  (s) => Number(s.items.some((one, i) => one === 'c' && s.flags[i])),
  (s) => Number(s.flags.every((one) => one)),
  (s, { box, cell }) => (s.boxes[box]!.cells[cell]!.kind === 'used' ? 1 : 0),
  (s, { box }) => s.boxes[box]!.cells.filter(({ kind }) => kind === 'free').length,
  (s) => s.boxes.filter(({ open }) => open).length,
  (s, { item }) => (s.items.findIndex((one, i) => i !== item && one === 'a') >= 0 ? 1 : 0),
];

type Edit = (s: State, at: Place, n: number) => State;
const edits: readonly Edit[] = [
  (s) => s,
  (s, _, n) => update(s, (d) => void (d.pool = n % 3)),
  (s, { item }, n) => update(s, (d) => void (d.items[item] = kinds[n % 3]!)),
  (s, { item }) => update(s, (d) => void (d.flags[item] = !d.flags[item])),
  (s, _, n) =>
    update(s, (d) => {
      for (const [i, one] of d.items.entries()) if (one === kinds[n % 3]) d.items[i] = kinds[(n + 1) % 3]!;
    }),
  (s, { box, cell }, n) =>
    update(s, (d) => void (d.boxes[box]!.cells[cell] = n % 2 === 0 ? { kind: 'free' } : { kind: 'used', by: n % 3 })),
  (s, { box }, n) => update(s, (d) => void (d.boxes[box]!.open = n % 2 === 0)),
  (s, { box }) => update(s, (d) => void d.boxes[box]!.cells.reverse()),
  (s, { box }) =>
    update(s, (d) => {
      for (const other of d.boxes) other.open = other === d.boxes[box];
    }),
];

/** What treats a part specially. */
const faults: readonly Edit[] = [
  (s, { item }) => (item === 0 ? update(s, (d) => void (d.pool = 0)) : s),
  // Only where items are not in the order of their values.
  (s) => (s.items[0] === 'b' && s.items[1] === 'a' ? update(s, (d) => void (d.pool = 2)) : s),
  (s) => (s.items[0] === 'a' && s.items[1] === 'b' ? update(s, (d) => void (d.pool = 2)) : s),
  (s) =>
    update(s, (d) => {
      const first = s.items.indexOf('a');
      if (first >= 0) d.items[first] = 'c';
    }),
  (s, { item }) => update(s, (d) => void (d.items[(item + 1) % 3] = 'b')),
  (s) => update(s, (d) => void (d.items[0] = s.items[1]!)),
  (s, { box, cell }) => (box === 1 && cell === 0 && s.boxes[0]!.open ? update(s, (d) => void (d.pool = 1)) : s),
  (s) =>
    update(s, (d) => {
      const free = d.boxes[0]!.cells.find(({ kind }) => kind === 'free');
      if (free) d.boxes[0]!.cells[0] = { kind: 'used', by: 2 };
    }),
  (s) => (s.flags[0] && !s.flags[2] && s.items[0] === s.items[2] ? update(s, (d) => void (d.flags[0] = false)) : s),
];

interface Rule {
  readonly guards: readonly { readonly look: number; readonly most: number }[];
  readonly edits: readonly { readonly edit: number; readonly n: number }[];
  readonly end: 'ok' | 'refuse' | 'warn' | 'panic' | 'disabled';
}

const rule: fc.Arbitrary<Rule> = fc.record({
  guards: fc.array(fc.record({ look: fc.nat(looks.length - 1), most: fc.nat(2) }), { maxLength: 1 }),
  edits: fc.array(fc.record({ edit: fc.nat(edits.length - 1), n: fc.nat(5) }), { minLength: 1, maxLength: 2 }),
  end: fc.oneof(
    { arbitrary: fc.constant('ok' as const), weight: 6 },
    { arbitrary: fc.constantFrom<Rule['end'][]>('refuse', 'warn', 'panic', 'disabled'), weight: 1 },
  ),
});

interface Fault {
  readonly fault: number;
  /** Which rule it is in, and which guard must hold beside. */
  readonly rule: number;
  readonly guard: { readonly look: number; readonly most: number };
}

const step =
  (rules: readonly Rule[], fault: Fault | undefined) =>
  (s: State, command: Command): Outcome<State> => {
    // Some models end when the pool is empty.
    if (rules[0]!.edits[0]!.n % 2 === 0 && s.pool === 0) return disabled(s, 'empty');
    const at: Place = { item: 0, box: 0, cell: 0, ...command };
    const number = command.kind === 'item' ? command.rule : command.kind === 'cell' ? 2 + command.rule : 4;
    const { guards, edits: changes, end } = rules[number]!;
    for (const [i, { look, most }] of guards.entries())
      if (looks[own(command.kind, look, looksOf)]!(s, at) > most)
        return end === 'disabled' ? disabled(s, `guard ${i}`) : refuse(s, 'EPERM', `guard ${i}`);
    let after = changes.reduce((before, { edit, n }) => edits[own(command.kind, edit, editsOf)]!(before, at, n), s);
    if (fault?.rule === number && looks[fault.guard.look]!(s, at) <= fault.guard.most)
      after = faults[fault.fault]!(after, at, 0);
    if (end === 'refuse') return refuse(after, 'EAGAIN', 'at the end');
    if (end === 'warn') return warn(ok(after), 'odd');
    if (end === 'panic') return panic(after, 'BUG');
    return end === 'disabled' ? disabled(after, 'not now') : ok(after);
  };

/** What a command may look at and change without knowing another part than the one it names. */
const looksOf = { item: [0, 1, 2, 3, 4, 5, 8, 9], cell: [0, 3, 4, 5, 6, 7, 8], all: [0, 3, 4, 5, 8] };
const editsOf = { item: [1, 2, 3, 2, 3, 4], cell: [5, 6, 5, 6, 4, 7, 8], all: [1, 4] };
const own = (kind: Command['kind'], number: number, of: Readonly<Record<Command['kind'], readonly number[]>>) =>
  of[kind][number % of[kind].length]!;

const common = { statement: '', source: '' };

const propertiesOf = (model: { readonly id: string }, bounds: readonly number[], lopsided: boolean): Property[] => {
  const of = model as ReturnType<typeof tiny<State, Command>>;
  const eachItem = () => record({ item: range(0, 2) });
  return [
    invariant(of, {
      ...common,
      id: 'item',
      forEach: eachItem,
      holds: (s, { item }) =>
        looks[own('item', bounds[0]!, looksOf)]!(s, { item, box: 0, cell: 0 }) <= bounds[1]! || `item ${item}`,
    }),
    invariant(of, {
      ...common,
      id: 'cells',
      holds: (s) => s.boxes.filter(({ cells }) => cells.every(({ kind }) => kind === 'used')).length <= bounds[1]! % 2,
    }),
    reachable(of, {
      ...common,
      id: 'used',
      forEach: () => record({ box: range(0, 1), cell: range(0, 1) }),
      when: (s, { box, cell }) => s.boxes[box]!.cells[cell]!.kind === 'used' && s.pool === bounds[2]! % 3,
    }),
    reachableStep(of, {
      ...common,
      id: 'item-changes',
      forEach: eachItem,
      when: ({ before, outcome }, { item }) => before.items[item] !== outcome.state.items[item] && !before.flags[item],
    }),
    stepProperty(of, {
      ...common,
      id: 'others-stay',
      forEach: eachItem,
      holds: ({ before, command, outcome }, { item }) =>
        command.kind !== 'item' ||
        command.item === item ||
        before.items[item] === outcome.state.items[item] ||
        `${item}`,
    }),
    stepProperty(of, { ...common, id: 'alive', holds: ({ outcome }) => outcome.result !== 'panic' }),
    stepProperty(of, {
      ...common,
      id: 'pool',
      holds: ({ before, outcome }) => outcome.state.pool >= before.pool || before.items.some((one) => one === 'b'),
    }),
    progress(of, {
      ...common,
      id: 'item-moves-on',
      forEach: eachItem,
      waiting: (s, { item }) => s.items[item] === kinds[bounds[2]! % 3] && s.pool > 0,
      own: (c, { item }) => (c.kind === 'item' ? c.item !== item : c.kind === 'all'),
    }),
    progress(of, {
      ...common,
      id: 'pool-empties',
      waiting: (s) => s.pool >= bounds[1]!,
      own: ({ kind }) => kind !== 'all',
    }),
    ...(lopsided
      ? [
          invariant(of, {
            ...common,
            id: 'first-item',
            holds: (s) => s.items[0] !== kinds[bounds[2]! % 3] || !s.flags[1],
          }),
        ]
      : []),
  ];
};

const initial: State = {
  pool: 1,
  items: ['a', 'a', 'a'],
  flags: [false, false, false],
  boxes: [0, 1].map(() => ({ cells: [{ kind: 'free' }, { kind: 'free' }], open: false })),
};

const made = (rules: readonly Rule[], bounds: readonly number[], fault: Fault | undefined, lopsided: boolean) => {
  const system: System<State, Command> = { state, command, initial, step: step(rules, fault), symmetry: groups };
  const model = { ...tiny('any', system), done: ({ pool }: State) => pool < 2 };
  return suite({ model, properties: propertiesOf(model, bounds, lopsided), violates: { only: [] } });
};

const parts = [
  fc.array(rule, { minLength: 5, maxLength: 5 }),
  fc.array(fc.nat(9), { minLength: 3, maxLength: 3 }).map(([a, b, c]) => [a!, 1 + (b! % 2), c!]),
] as const;

/** Small models whose parts are interchangeable, by the way they are made. */
export const anySymmetric = fc.tuple(...parts).map(([rules, bounds]) => made(rules, bounds, undefined, false));

/** The same with something that treats a part specially: perhaps only in states that cannot be reached. */
export const anyLopsided = fc
  .tuple(
    ...parts,
    fc.option(
      fc.record({
        fault: fc.nat(faults.length - 1),
        rule: fc.nat(4),
        guard: fc.record({ look: fc.constantFrom(0, 3, 5, 8), most: fc.nat(2) }),
      }),
      { freq: 8 },
    ),
  )
  .map(([rules, bounds, fault]) => made(rules, bounds, fault ?? undefined, fault === null));
