import { describe, expect, it } from 'vitest';
import { check } from '../../src/job/check.ts';
import {
  type AtomicStep,
  allDone,
  defineModel,
  enumOf,
  flag,
  invariant,
  type Program,
  type Property,
  progress,
  range,
  record,
  suite,
  type ThreadCommand,
  type Threaded,
  threadLane,
  threads,
  variant,
} from '../../src/spec/index.ts';

interface Write {
  readonly value: number;
}
interface State extends Threaded<Write> {
  readonly data: number;
  readonly flag: boolean;
  readonly seen: string;
}
type Step = AtomicStep<State, Write>;

const running = (
  programs: Readonly<Record<string, Program<State, Write>>>,
  { memory = 'sc', waiting = 'blocks' }: { memory?: 'sc' | 'weak'; waiting?: 'blocks' | 'spins' } = {},
) =>
  threads<State, Write>({
    programs,
    locks: ['a', 'b'],
    waiting,
    stores: {
      memory,
      write: record({ value: range(0, 2) }),
      commit: (draft, { value }) => {
        draft.data = value;
      },
    },
  });

const initial = (made: ReturnType<typeof running>): State => ({
  ...made.initial,
  data: 0,
  flag: false,
  seen: 'nothing',
});

const tiny = (made: ReturnType<typeof running>) =>
  defineModel({
    id: 'tiny',
    title: 'threads',
    sources: [],
    config: {},
    switches: {},
    variants: { only: { doc: '', switches: {} } },
    defaultVariant: 'only',
    done: (state: State) => allDone(state),
    lane: (state: State, command: ThreadCommand) => threadLane(state, command),
    system: () => ({
      state: record({
        ...made.fields,
        data: range(0, 2),
        flag,
        seen: enumOf('nothing', 'flag 0', 'flag 1', 'flag 2'),
      }),
      command: variant(made.commands),
      initial: initial(made),
      step: (state: State, { kind, thread }: ThreadCommand) => made[kind](state, thread),
    }),
  });

const verdictOf = async (
  made: ReturnType<typeof running>,
  properties: (model: ReturnType<typeof tiny>) => Property[],
) => {
  const model = tiny(made);
  const result = await check(
    suite({ model, properties: properties(model), violates: { only: [] } }),
    {},
    { kind: 'exhaustive' },
  );
  const shown = result.properties.map(({ property, verdict, steps }) => {
    if (verdict.kind !== 'violated') return `${property.id}: ${verdict.kind}`;
    const lanes = steps!.map((step) => {
      const { thread, step: name } = result.lane!(step)!;
      return `${thread}: ${name}`;
    });
    return `${property.id}: ${lanes.join('; ')}${verdict.trace?.detail ? ` = ${verdict.trace.detail}` : ''}`;
  });
  return { shown, states: result.covered.states };
};

const write =
  (value: number): Step =>
  (state, self) =>
    self.next(state, (draft) => self.write(draft, { value }));
const setFlag: Step = (state, self) =>
  self.next(state, (draft) => {
    draft.flag = true;
  });
const barrier: Step = (state, self) => self.next(state, (draft) => self.barrier(draft));
const awaitFlag: Step = (state, self) => (state.flag ? self.next(state) : self.wait(state, 'no flag'));
const read: Step = (state, self) =>
  self.next(state, (draft) => {
    draft.seen = `flag ${state.data}`;
  });
const noop: Step = (state, self) => self.next(state);

describe('a store buffer of one slot', () => {
  const seesData = (model: ReturnType<typeof tiny>) => [
    invariant(model, {
      id: 'sees-data',
      statement: '',
      source: '',
      holds: ({ seen }: State) => seen === 'nothing' || seen === 'flag 1' || seen,
    }),
  ];
  const passing = (between: Program<State, Write>) => ({
    writer: { 'write data': write(1), ...between, 'set flag': setFlag },
    reader: { 'await flag': awaitFlag, 'read data': read },
  });

  it('lets a flag overtake the data that it announces, but not under sequential consistency', async () => {
    const weak = await verdictOf(running(passing({}), { memory: 'weak' }), seesData);
    expect(weak.shown).toEqual([
      'sees-data: writer: write data; writer: set flag; reader: await flag; reader: read data = flag 0',
      'no-deadlock: proved',
    ]);
    expect((await verdictOf(running(passing({})), seesData)).shown).toEqual([
      'sees-data: proved',
      'no-deadlock: proved',
    ]);
  });

  it('is emptied by a barrier, and by the release of a lock', async () => {
    const barred = await verdictOf(running(passing({ barrier }), { memory: 'weak' }), seesData);
    expect(barred.shown[0]).toBe('sees-data: proved');
    const locked = {
      lock: ((state, self) => self.acquire(state, 'a')) as Step,
      unlock: ((state, self) => self.release(state, 'a')) as Step,
    };
    expect((await verdictOf(running(passing(locked), { memory: 'weak' }), seesData)).shown[0]).toBe(
      'sees-data: proved',
    );
  });

  it('keeps the writes of one thread in order', () => {
    const made = running({ writer: { one: write(1), two: write(2) } }, { memory: 'weak' });
    const first = made.run(initial(made), 'writer').state;
    expect([first.data, first.buffers.writer]).toEqual([0, { kind: 'holds', write: { value: 1 } }]);
    const second = made.run(first, 'writer').state;
    expect([second.data, second.buffers.writer]).toEqual([1, { kind: 'holds', write: { value: 2 } }]);
    const last = made.drain(second, 'writer').state;
    expect([last.data, last.buffers.writer]).toEqual([2, { kind: 'empty' }]);
    expect(made.drain(last, 'writer').result).toBe('disabled');
  });
});

describe('threads', () => {
  const never: Property[] = [];

  it('run in every interleaving: of two with m and n steps, (m + 1)(n + 1) states', async () => {
    const made = running({ left: { a: noop, b: noop, c: noop }, right: { a: noop, b: noop } });
    expect((await verdictOf(made, () => never)).states).toBe(4 * 3);
  });

  it('exclude each other by a lock: only one is between acquire and release', async () => {
    const critical = {
      lock: ((state, self) => self.acquire(state, 'a')) as Step,
      inside: noop,
      unlock: ((state, self) => self.release(state, 'a')) as Step,
    };
    const result = await verdictOf(running({ left: critical, right: critical }), (model) => [
      invariant(model, {
        id: 'one-inside',
        statement: '',
        source: '',
        holds: ({ at }: State) => !(at.left === 'inside' && at.right === 'inside'),
      }),
    ]);
    expect(result.shown).toEqual(['one-inside: proved', 'no-deadlock: proved']);
  });

  const take =
    (lock: string): Step =>
    (state, self) =>
      self.acquire(state, lock);
  const give =
    (lock: string): Step =>
    (state, self) =>
      self.release(state, lock);
  const crossed = {
    left: { 'take a': take('a'), 'take b': take('b'), 'give b': give('b'), 'give a': give('a') },
    right: { 'take b': take('b'), 'take a': take('a'), 'give a': give('a'), 'give b': give('b') },
  };

  it('that take two locks in opposite order come to a deadlock, which says who waits where', async () => {
    expect((await verdictOf(running(crossed), () => never)).shown).toEqual([
      "no-deadlock: left: take a; right: take b = no thread can go on: left is at 'take b', right is at 'take a'",
    ]);
  });

  it('that spin come to an endless loop instead', async () => {
    const result = await verdictOf(running(crossed, { waiting: 'spins' }), (model) => [
      progress(model, {
        id: 'ends',
        statement: '',
        source: '',
        waiting: ({ at }: State) => at.left === 'take b' && at.right === 'take a',
        own: () => true,
      }),
    ]);
    expect(result.shown).toEqual(['ends: left: take a; right: take b; left: take b', 'no-deadlock: proved']);
  });

  it('are shown by the names of their steps', () => {
    const made = running(crossed);
    const lane = threadLane(initial(made), { kind: 'run', thread: 'left' } as ThreadCommand);
    expect(lane).toEqual({ thread: 'left', step: 'take a' });
    expect(threadLane(initial(made), { kind: 'swap_out' })).toBeUndefined();
  });

  it('are told what they do wrong', () => {
    const made = running({ one: { release: (state, self) => self.release(state, 'a') } });
    expect(() => made.run(initial(made), 'one')).toThrow('one releases a, which it does not hold');
    const lost = running({ one: { jump: (state, self) => self.goto('nowhere', state) } });
    expect(() => lost.run(initial(lost), 'one')).toThrow('one has no step called nowhere');
    expect(() => running({ one: { done: noop } })).toThrow("a step of one cannot be called 'done'");
    expect(() => running({ one: { '1': noop } })).toThrow("a step of one cannot be called '1'");
  });

  it('that are done have no next step', () => {
    const made = running({ one: { only: noop } });
    const { state } = made.run(initial(made), 'one');
    expect(state.at.one).toBe('done');
    expect(made.run(state, 'one').result).toBe('disabled');
  });
});
