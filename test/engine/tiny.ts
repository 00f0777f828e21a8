import {
  type Command,
  defineModel,
  type Model,
  type Outcome,
  range,
  record,
  type System,
  variant,
} from '../../src/spec/index.ts';

/** A model of one variant, for trying the checker out. */
export const tiny = <S, C extends Command>(id: string, system: System<S, C>): Model<S, C> =>
  defineModel({
    id,
    title: `a ${id}`,
    sources: [],
    config: {},
    switches: {},
    variants: { only: { doc: '', switches: {} } },
    defaultVariant: 'only',
    system: () => system,
  });

export interface Count {
  readonly n: number;
}

/** A counter of 0..`max` whose one command does what `step` says. */
export const counter = (max: number, step: (n: number, state: Count) => Outcome<Count>): Model<Count> =>
  tiny('counter', {
    state: record({ n: range(0, max) }),
    command: variant({ tick: {} }),
    initial: { n: 0 },
    step: (state: Count) => step(state.n, state),
  });
