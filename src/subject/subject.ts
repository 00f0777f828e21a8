import { isDeepStrictEqual } from 'node:util';
import { itemNamed } from '../item-named.ts';
import { type Command, describeCommand, type Model } from '../spec/model.ts';
import { disabled, type Outcome, ok, panic, refuse } from '../spec/outcome.ts';
import { withState } from '../system/outcome.ts';
import { type Scope, scopeName } from '../system/scope.ts';
import { systemOf } from '../system/system.ts';
import { describePlace, isSameAnswer, Lane, type Place, type Unsteady } from './lane.ts';
import { defaultTimeout, SubjectError, SubjectProcess } from './program.ts';
import { type Answer, type Head, type Hello, type Printed, Reader } from './protocol.ts';
import { PrintedStates } from './states.ts';

export interface SubjectOptions {
  /** A command line for a shell. */
  readonly program: string;
  /** Milliseconds of silence after which the subject counts as hanging. */
  readonly timeout?: number | undefined;
  /** How many processes; 1 if not given. */
  readonly processes?: number | undefined;
  /** The most preemptions with which pairs of calls run on two CPUs; none do if not given. */
  readonly preemptions?: number | undefined;
}

/** A running program that makes the calls of a scope. */
export class Subject {
  readonly scope: Scope;
  readonly hello: Hello;
  readonly states: PrintedStates;
  readonly lanes: readonly Lane[];
  readonly initial: Place;
  /** The calls of the model that the subject has, in the model's order. */
  readonly commands: readonly Command[];
  /** The names of the model's calls that it does not have. */
  readonly lacks: readonly string[];
  readonly program: string;

  /** Starts the program. Throws a SubjectError if it is none, or is another one than the scope asks for. */
  constructor(model: Model, scope: Scope, { program, timeout = defaultTimeout, processes = 1 }: SubjectOptions) {
    this.scope = scope;
    this.program = program;
    const { state, command } = systemOf(model, scope);
    const lanes: Lane[] = [];
    this.lanes = lanes;
    try {
      let states: PrintedStates | undefined;
      const reader = new Reader((value) => states!.understand(value));
      const start = () => {
        const lane = new Lane(new SubjectProcess(program, timeout), reader, (unsteady) => this.#unsteady(unsteady));
        lanes.push(lane);
        return lane.hello(scope);
      };
      this.hello = start();
      while (lanes.length < processes)
        if (!isDeepStrictEqual(start(), this.hello))
          throw new SubjectError(`the subject ${program} says hello in another way each time that it is started`);
      this.#check(model);
      states = new PrintedStates(state, this.hello.unobserved);
      this.states = states;
      const commands = [...command.values()].map((one) => command.canonical(one)!);
      this.commands = commands.filter(({ kind }) => this.hello.calls.includes(kind));
      this.lacks = [...new Set(commands.map(({ kind }) => kind))].filter((kind) => !this.hello.calls.includes(kind));
      const answers = lanes.map((lane) => lane.reset());
      const [answer] = answers;
      const { printed } = answer!;
      if (answer!.head.result !== 'ok' || !printed)
        throw lanes[0]!.failure('does not answer a reset with result ok and its state');
      if (printed.misfit !== undefined)
        throw lanes[0]!.failure(`has an initial state that is none of ${scopeName(scope)}: ${printed.misfit}`);
      if (answers.some((one) => !isSameAnswer(one, answer!)))
        throw lanes[0]!.failure('has another initial state each time that it is started');
      this.initial = { from: undefined, command: undefined, answer: answer! };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get name(): string {
    return this.hello.name ?? this.program;
  }

  get calls(): number {
    return this.lanes.reduce((sum, { calls }) => sum + calls, 0);
  }

  close(): void {
    for (const lane of this.lanes) lane.close();
  }

  #check(model: Model): void {
    const { model: id, variant, config, calls, rivals } = this.hello;
    const wrong = (what: string) => new SubjectError(`the subject ${this.program} ${what}`);
    if (id !== this.scope.model) throw wrong(`is one of model ${id}, not of ${this.scope.model}`);
    if (variant !== undefined) itemNamed(`variant of ${id}`, variant, Object.keys(model.variants));
    if (variant !== undefined && variant !== this.scope.variant)
      throw wrong(`is one of ${id}@${variant}, not of ${scopeName(this.scope)}`);
    for (const [name, value] of Object.entries(config)) {
      itemNamed(`config parameter of ${id}`, name, Object.keys(model.config));
      if (value !== this.scope.config[name])
        throw wrong(`is built for ${name}=${value}; asked for is ${name}=${this.scope.config[name]}`);
    }
    const { shape } = systemOf(model, this.scope).command;
    const kinds = shape.kind === 'variant' ? Object.keys(shape.cases) : [];
    for (const kind of [...calls, ...rivals]) itemNamed(`call of ${id}`, kind, kinds);
    if (calls.length === 0) throw wrong('has no calls');
  }

  #unsteady({ place, command, first, second }: Unsteady): never {
    const what = command ? describeCommand(command) : 'the reset';
    throw this.lanes[0]!.hiddenState(
      `does not do the same twice: ${what} ${command ? describePlace(place) : ''} gave ${describeAnswer(first)}, and then ${describeAnswer(second)}`,
    );
  }
}

/** What a program says that it is. Throws a SubjectError as the constructor does. */
export const helloOf = (model: Model, scope: Scope, program: string, timeout = defaultTimeout): Hello => {
  const reader = new Reader(() => {
    throw new SubjectError(`the subject ${program} was not asked for a state`);
  });
  const lane = new Lane(new SubjectProcess(program, timeout), reader, () => undefined);
  try {
    const hello = lane.hello(scope);
    if (hello.model !== scope.model)
      throw new SubjectError(`the subject ${program} is one of model ${hello.model}, not of ${scope.model}`);
    if (hello.variant !== undefined) itemNamed(`variant of ${model.id}`, hello.variant, Object.keys(model.variants));
    for (const name of Object.keys(hello.config))
      itemNamed(`config parameter of ${model.id}`, name, Object.keys(model.config));
    return hello;
  } finally {
    lane.close();
  }
};

/** The outcome of a call, as properties see it. `before` is the state that it was made in. */
export const outcomeOf = (head: Head, state: unknown): Outcome<unknown> => {
  const { result, value, reason, warnings } = head;
  const plain = { state, warnings };
  if (result === 'ok') return withState({ ...ok(state, value), warnings }, state);
  if (result === 'panic') return withState({ ...panic(state, reason), ...plain }, state);
  if (result === 'disabled') return withState({ ...disabled(state, reason), ...plain }, state);
  return withState({ ...refuse(state, result, reason), ...plain }, state);
};

/** The state after an answer to a call that was made in `before`. */
export const stateAfter = ({ printed }: Answer, before: Printed): Printed => printed ?? before;

/** In words, with the state if there is one. */
export const describeAnswer = ({ head: { result, reason }, printed }: Answer): string =>
  `${result}${reason === '' ? '' : ` (${reason})`}${printed ? ` and the state ${JSON.stringify(printed.state)}` : ''}`;
