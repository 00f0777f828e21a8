import type { Draft } from 'immer';
import { type Domain, enumOf, type Infer, record, variant } from './domain.ts';
import { SpecError } from './errors.ts';
import type { Command, Lane } from './model.ts';
import { disabled, type Outcome, ok } from './outcome.ts';
import { update } from './update.ts';

/**
 * One step of a thread. It is atomic: other threads run between steps, never inside one. It returns what a method of `self` returns, which
 * says where the thread goes on.
 */
export type AtomicStep<S, W = never> = (state: S, self: Self<S, W>) => Outcome<S>;

/** A thread's code: its steps by name, in order. After the last one the thread is at `done`. */
export type Program<S, W = never> = Readonly<Record<string, AtomicStep<S, W>>>;

/** What a state has for its threads. The model adds fields for the threads' local variables. `W` is the type of a buffered write. */
export interface Threaded<W = never> {
  /** By thread: the name of its next step, or `done`. */
  readonly at: Readonly<Record<string, string>>;
  /** By lock: who holds it, or `free`. */
  readonly locks: Readonly<Record<string, string>>;
  /** By thread: the write that it has made and that no other thread can see yet. */
  readonly buffers: Readonly<Record<string, WriteBuffer<W>>>;
}

type WriteBuffer<W> = { readonly kind: 'empty' } | { readonly kind: 'holds'; readonly write: W };

/** What a step is given of its thread. A method that returns an outcome ends the step, which returns it. */
export interface Self<S, W = never> {
  readonly name: string;
  /** Changes the state, if `change` is given, and goes on to the following step. */
  next(state: S, change?: (draft: Draft<S>) => void): Outcome<S>;
  /** Changes the state, if `change` is given, and goes to a step by its name, or to 'done'. */
  goto(step: string, state: S, change?: (draft: Draft<S>) => void): Outcome<S>;
  /** Stays at this step: `disabled` or, where `waiting` is `spins`, a call that changes nothing. `reason` says what it waits for. */
  wait(state: S, reason: string): Outcome<S>;
  /** Takes the lock and goes on to the following step, or waits for the lock. */
  acquire(state: S, lock: string): Outcome<S>;
  /** Makes buffered writes visible, gives the lock back and goes on. Throws a SpecError if the thread does not hold the lock. */
  release(state: S, lock: string): Outcome<S>;
  /** Makes a write that later writes may overtake: other threads see it when the buffer drains, or at once if `memory` is `sc`. */
  write(draft: Draft<S>, write: W): void;
  /** Makes this thread's buffered write visible before anything that follows in the step, as a write barrier or a store-release does. */
  barrier(draft: Draft<S>): void;
}

interface ThreadsSpec<S, W> {
  /** By thread: its code. */
  readonly programs: Readonly<Record<string, Program<S, W>>>;
  /** The names of the locks. */
  readonly locks?: readonly string[];
  /**
   * `blocks`, the default: a thread that waits is disabled, so no fair scheduler is needed.
   * `spins`: it runs, and endless waiting is a loop.
   */
  readonly waiting?: 'blocks' | 'spins';
  readonly stores?: {
    /** `sc`: sequentially consistent. `weak`: each thread has a buffer of one slot for the writes made by `self.write`. */
    readonly memory: 'sc' | 'weak';
    /** The domain of what a write says: which field gets which value. */
    readonly write: Domain<W>;
    /** Carries a write out in memory. */
    readonly commit: (draft: Draft<S>, write: W) => void;
  };
}

/** `run`: the thread's next step. `drain`: the write in the thread's buffer becomes visible. */
export type ThreadCommand = Command & { readonly kind: 'run' | 'drain'; readonly thread: string };

/**
 * Threads that run in every interleaving. Spread `fields` into the record of the state, `initial` into the initial state and
 * `commands` into the variant of the commands, and hand `run` and `drain` to `step`.
 */
export const threads = <S extends Threaded<W>, W = never>(spec: ThreadsSpec<S, W>) => {
  const { programs, locks = [], waiting = 'blocks', stores } = spec;
  const names = Object.keys(programs);
  const steps = Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [name, stepNames(name, Object.keys(program))]),
  );
  const byThread = <T>(make: (name: string) => T) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const thread = enumOf(...names);
  const holder = enumOf('free', ...names);

  const drainInto = (draft: Draft<S>, name: string) => {
    const buffers: Record<string, WriteBuffer<W>> = (draft as Draft<Threaded<W>>).buffers as Record<
      string,
      WriteBuffer<W>
    >;
    const buffer = buffers[name]!;
    if (buffer.kind === 'empty') return;
    buffers[name] = { kind: 'empty' };
    stores!.commit(draft, buffer.write);
  };
  const selfOf = (name: string, at: string): Self<S, W> => {
    const here = steps[name]!.indexOf(at);
    const moved = (state: S, to: string, change?: (draft: Draft<S>) => void) =>
      ok(
        update(state, (draft) => {
          change?.(draft);
          (draft as { at: Record<string, string> }).at[name] = to;
        }),
      );
    const setLock = (lock: string, to: string) => (draft: Draft<S>) => {
      (draft as { locks: Record<string, string> }).locks[lock] = to;
    };
    const self: Self<S, W> = {
      name,
      next: (state, change) => moved(state, steps[name]![here + 1]!, change),
      goto: (step, state, change) => {
        if (!steps[name]!.includes(step)) throw new SpecError(`${name} has no step called ${step}`);
        return moved(state, step, change);
      },
      wait: (state, reason) => (waiting === 'spins' ? ok(state) : disabled(state, reason)),
      acquire: (state, lock) =>
        state.locks[lock] === 'free' ? self.next(state, setLock(lock, name)) : self.wait(state, `${lock} is taken`),
      release: (state, lock) => {
        if (state.locks[lock] !== name) throw new SpecError(`${name} releases ${lock}, which it does not hold`);
        return self.next(state, (draft) => {
          self.barrier(draft);
          setLock(lock, 'free')(draft);
        });
      },
      write: (draft, write) => {
        if (!stores) throw new SpecError('self.write() needs stores: { memory, write, commit }');
        if (stores.memory === 'sc') return stores.commit(draft, write);
        drainInto(draft, name); // the slot is needed: writes of one thread to the same place stay in order
        (draft as { buffers: Record<string, WriteBuffer<W>> }).buffers[name] = { kind: 'holds', write };
      },
      barrier: (draft) => {
        if (stores?.memory === 'weak') drainInto(draft, name);
      },
    };
    return self;
  };

  const write = stores ? variant({ empty: {}, holds: { write: stores.write } }) : variant({ empty: {} });
  return {
    fields: {
      at: record(byThread((name) => enumOf(...steps[name]!) as Domain<string>)),
      locks: record(Object.fromEntries(locks.map((lock) => [lock, holder as Domain<string>]))),
      buffers: record(byThread(() => write as Domain<WriteBuffer<W>>)),
    },
    commands: { run: { thread }, drain: { thread } },
    initial: {
      at: byThread((name) => steps[name]![0]!),
      locks: Object.fromEntries(locks.map((lock) => [lock, 'free'])),
      buffers: byThread(() => ({ kind: 'empty' as const })),
    } satisfies Threaded<W>,

    run: (state: S, name: Infer<typeof thread>): Outcome<S> => {
      const at = state.at[name]!;
      if (at === 'done') return disabled(state, 'done');
      return programs[name]![at]!(state, selfOf(name, at));
    },
    drain: (state: S, name: Infer<typeof thread>): Outcome<S> =>
      stores?.memory !== 'weak' || state.buffers[name]!.kind === 'empty'
        ? disabled(state, 'nothing is buffered')
        : ok(update(state, (draft) => drainInto(draft, name))),
  };
};

const stepNames = (thread: string, names: readonly string[]): string[] => {
  // Integer-like names would be enumerated before the others, whatever the order they were written in.
  const bad = names.find((name) => name === 'done' || name === '' || /^\d+$/.test(name));
  if (bad !== undefined) throw new SpecError(`a step of ${thread} cannot be called '${bad}'`);
  return [...names, 'done'];
};

/** For `done` of a model: true if every thread has ended; otherwise a text that says at which steps the other threads are. */
export const allDone = ({ at }: Threaded<unknown>): true | string => {
  const waiting = Object.entries(at).filter(([, step]) => step !== 'done');
  return (
    waiting.length === 0 ||
    `no thread can go on: ${waiting.map(([name, step]) => `${name} is at '${step}'`).join(', ')}`
  );
};

/** For `lane` of a model: a column for each thread, with the names of its steps. Undefined for a command of no thread. */
export const threadLane = ({ at }: Threaded<unknown>, command: Command): Lane | undefined => {
  if (!isThreadCommand(command)) return undefined;
  const { kind, thread } = command;
  return { thread, step: kind === 'run' ? at[thread]! : '(its buffered write is seen)' };
};

const isThreadCommand = (command: Command): command is ThreadCommand =>
  (command.kind === 'run' || command.kind === 'drain') && 'thread' in command;
