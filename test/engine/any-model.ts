import * as fc from 'fast-check';
import {
  array,
  disabled,
  enumOf,
  flag,
  type Infer,
  invariant,
  type Model,
  type Outcome,
  ok,
  type Property,
  panic,
  progress,
  range,
  reachable,
  record,
  refuse,
  stepProperty,
  suite,
  update,
  variant,
  warn,
} from '../../src/spec/index.ts';
import { tiny } from './tiny.ts';

const state = record({
  mode: enumOf('idle', 'busy', 'dead'),
  count: range(0, 3),
  slots: array(range(0, 2), 2),
  pte: variant({ zero: {}, leaf: { writable: flag, level: range(1, 3) }, table: { entries: array(flag, 2) } }),
});
type State = Infer<typeof state>;
const command = variant({ call: { rule: range(0, 3), arg: range(0, 1) } });

/** Everything a transition can look at, as numbers. */
const looks: readonly ((s: State, arg: number) => number)[] = [
  (s) => s.count,
  (s) => (s.mode === 'idle' ? 0 : s.mode === 'busy' ? 1 : 2),
  (s, arg) => s.slots[arg]!,
  (s) => s.slots.filter((slot) => slot > 0).length,
  (s) => ['zero', 'leaf', 'table'].indexOf(s.pte.kind),
  (s) => (s.pte.kind === 'leaf' ? s.pte.level : 0),
  (s, arg) => (s.pte.kind === 'table' ? Number(s.pte.entries[arg]) : 0),
];

const edits: readonly ((s: State, arg: number, n: number) => State)[] = [
  (s) => s,
  (s, _, n) =>
    update(s, (d) => {
      d.count = n % 4;
    }),
  (s) =>
    update(s, (d) => {
      d.count = (d.count + 1) % 4;
    }),
  (s, arg, n) =>
    update(s, (d) => {
      d.slots[arg] = n % 3;
    }),
  (s) =>
    update(s, (d) => {
      d.slots.reverse();
    }),
  (s, _, n) =>
    update(s, (d) => {
      d.pte = n % 2 === 0 ? { kind: 'zero' } : { kind: 'leaf', writable: n > 2, level: 1 + (n % 3) };
    }),
  (s, arg, n) =>
    update(s, (d) => {
      if (d.pte.kind === 'table') d.pte.entries[arg] = n > 1;
      else d.pte = { kind: 'table', entries: [n > 1, false] };
    }),
  (s, _, n) =>
    update(s, (d) => {
      d.mode = (['idle', 'busy', 'dead'] as const)[n % 3]!;
    }),
];

interface Rule {
  readonly guards: readonly { readonly look: number; readonly most: number }[];
  readonly edits: readonly { readonly edit: number; readonly n: number }[];
  readonly end: 'ok' | 'value' | 'refuse' | 'warn' | 'panic' | 'disabled';
}

const rule: fc.Arbitrary<Rule> = fc.record({
  guards: fc.array(fc.record({ look: fc.nat(looks.length - 1), most: fc.nat(2) }), { maxLength: 2 }),
  edits: fc.array(fc.record({ edit: fc.nat(edits.length - 1), n: fc.nat(5) }), { minLength: 1, maxLength: 3 }),
  end: fc.oneof(
    { arbitrary: fc.constant('ok' as const), weight: 5 },
    { arbitrary: fc.constant('disabled' as const), weight: 2 },
    fc.constantFrom<Rule['end'][]>('value', 'refuse', 'warn', 'panic'),
  ),
});

const step =
  (rules: readonly Rule[]) =>
  (s: State, { rule, arg }: Infer<typeof command>): Outcome<State> => {
    const { guards, edits: changes, end } = rules[rule % rules.length]!;
    for (const [i, { look, most }] of guards.entries())
      if (looks[look]!(s, arg) > most)
        return end === 'disabled' ? disabled(s, `guard ${i}`) : refuse(s, 'EPERM', `guard ${i}`);
    const after = changes.reduce((before, { edit, n }) => edits[edit]!(before, arg, n), s);
    if (end === 'refuse') return refuse(after, 'EAGAIN', 'at the end');
    if (end === 'value') return ok(after, 3 * s.count + arg);
    if (end === 'warn') return warn(ok(after), 'odd');
    if (end === 'panic') return panic(after, 'BUG');
    return end === 'disabled' ? disabled(after, 'not now') : ok(after);
  };

const modelOf = (rules: readonly Rule[]) => ({
  ...tiny('any', {
    state,
    command,
    initial: { mode: 'idle', count: 0, slots: [0, 1], pte: { kind: 'zero' } },
    step: step(rules),
  }),
  done: ({ count }: State) => count > 1,
});

const common = { statement: '', source: '' };

const propertiesOf = (model: ReturnType<typeof modelOf>, bounds: readonly number[]): Property[] => [
  ...bounds.map((most, i) =>
    invariant(model, {
      ...common,
      id: `looks-${i}`,
      forEach: () => record({ arg: range(0, 1) }),
      holds: (s, { arg }) => looks[i % looks.length]!(s, arg) <= most || `${looks[i % looks.length]!(s, arg)}`,
    }),
  ),
  reachable(model, {
    ...common,
    id: 'leaf',
    forEach: () => record({ level: range(1, 3) }),
    when: (s, { level }) => s.pte.kind === 'leaf' && s.pte.level === level,
  }),
  stepProperty(model, {
    ...common,
    id: 'atomic',
    holds: ({ before, outcome }) => outcome.result !== 'refused' || outcome.state.count === before.count,
  }),
  stepProperty(model, {
    ...common,
    id: 'same',
    holds: ({ before, outcome }) => outcome.result !== 'refused' || outcome.state === before || 'changed',
  }),
  stepProperty(model, {
    ...common,
    id: 'returns',
    holds: ({ before, outcome }) =>
      outcome.result !== 'ok' || Number(outcome.value ?? 0) < 3 * bounds[0]! || before.slots[0] === 0,
  }),
  stepProperty(model, { ...common, id: 'alive', holds: ({ outcome }) => outcome.result !== 'panic' }),
  progress(model, {
    ...common,
    id: 'moves-on',
    forEach: () => record({ rule: range(0, 3) }),
    waiting: (s) => s.count <= bounds[0]!,
    own: ({ rule }, instance) => rule === instance.rule || rule === 0,
  }),
  stepProperty(model, {
    ...common,
    id: 'slots-move-alone',
    forEach: () => record({ arg: range(0, 1) }),
    holds: ({ before, command: { arg: of }, outcome }, { arg }) =>
      of === arg || outcome.state.slots[arg] === before.slots[arg] || before.count > 2,
  }),
];

/** Small models of random guarded rules, with properties that often break. */
export const anyModel: fc.Arbitrary<{ readonly model: Model; readonly properties: readonly Property[] }> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.array(rule, { minLength: 4, maxLength: 4 }), weight: 3 },
      fc.array(rule, { minLength: 1, maxLength: 1 }),
    ),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 7 }),
  )
  .map(([rules, bounds]) => {
    const model = modelOf(rules);
    const { properties } = suite({ model, properties: propertiesOf(model, bounds), violates: { only: [] } });
    return { model, properties };
  });
