import type { Effect } from '../../observe/effect.ts';
import type { Observation } from '../../observe/observation.ts';
import { strict, viewOf } from '../../observe/view.ts';
import { SpecError } from '../../spec/errors.ts';
import { describeCommand, describeFields } from '../../spec/model.ts';
import type { Outcome } from '../../spec/outcome.ts';
import type { Layout, Slot } from '../../system/layout.ts';
import { outcomeFields, outcomeKey } from '../../system/outcome.ts';
import { answered, transitionOf } from '../../table/watch.ts';
import { decides, type Judgeable } from '../findings.ts';
import { judge, owns, type Task } from '../task.ts';
import type { Symmetry } from './symmetry.ts';

/** What a function did: its result as a key. A transition also has its outcome, and what it writes. */
export interface Leaf {
  readonly key: string;
  readonly outcome?: Outcome<unknown>;
  readonly effect?: Effect;
}

/** A function of packed states: a command, or a judgement of one property for one instance. The rows that are known of it are a tree. */
export interface StateFunction {
  /** What messages call it. */
  readonly what: string;
  /** Only a judgement has words: the first say that it decides nothing, the second that it decides something. */
  readonly words: readonly string[];
  root: Node | undefined;
  /** How many states it reads: the state, or the states before and after a call. */
  readonly states: 1 | 2;
  /** Runs it on packed states. */
  run(words: Uint32Array): { readonly reads: readonly Slot[]; readonly leaf: Leaf };
  /** The function with the indices in it exchanged, by number of the exchange. */
  makeImage(exchange: number): StateFunction;
  /** The words that the function reads when a search is in `state`; undefined if the function does not apply there. */
  argumentIn(state: Uint32Array): Uint32Array | undefined;
  /** By number of the exchange: the function's image, if it was asked for. */
  readonly images: StateFunction[];
  /** The function and all its images together; set when one of them is followed for the first time. */
  orbit?: Orbit;
}

export interface Orbit {
  readonly functions: ReadonlySet<StateFunction>;
  steps: number;
  /** Their rows are too many to follow: states are looked at one by one instead. */
  tooMany: boolean;
}

export type Node = Branch | CheckedRow;

interface Branch {
  readonly slot: Slot;
  readonly children: Map<number, Node>;
}

/** All states that agree in what was read. */
export interface CheckedRow {
  readonly slot?: undefined;
  readonly fn: StateFunction;
  readonly leaf: Leaf;
  /** The bits that were read. */
  readonly mask: Uint32Array;
  /** The values of these bits; 0 for all others. */
  readonly value: Uint32Array;
  /** A state that takes the row. */
  sample: Uint32Array;
  /** Whether a state that the search has visited is like the sample. */
  real: boolean;
}

/** Readings of a state in one run: a state that cannot be reached may send a function round in circles. */
const mostReadings = 100_000;

/** The functions of a task that a symmetry must hold for, each with its image under every exchange. */
export class StateFunctions {
  readonly #task: Task;
  readonly #layout: Layout<unknown>;
  readonly #symmetry: Symmetry;
  readonly #rowAt: (fn: StateFunction, words: Uint32Array) => CheckedRow;
  /** By number of the command: its transition. */
  readonly commands: readonly StateFunction[];
  readonly #judgements = new Map<string, StateFunction>();
  readonly #instances = new Map<Judgeable['property'], Map<string, number>>();
  /** How often a function of the model or of a property was run. */
  runs = 0;

  /** `rowAt`: the row that a function takes in a state, learned if need be. */
  constructor(
    task: Task,
    layout: Layout<unknown>,
    symmetry: Symmetry,
    rowAt: (fn: StateFunction, words: Uint32Array) => CheckedRow,
  ) {
    this.#task = task;
    this.#layout = layout;
    this.#symmetry = symmetry;
    this.#rowAt = rowAt;
    for (const { property, instances } of task.obligations)
      this.#instances.set(property, new Map(instances.map((instance, i) => [instanceKey(instance), i])));
    this.commands = task.commands.map((_, command) => this.#command(command));
    this.#checkOwners();
  }

  /** The position of the judgeable's instance among all of its property. */
  positionOf({ property, instance }: Pick<Judgeable, 'property' | 'instance'>): number {
    return this.#instances.get(property)!.get(instanceKey(instance))!;
  }

  #command(command: number): StateFunction {
    const { commands, system } = this.#task;
    const call = commands[command]!;
    return {
      what: describeCommand(call),
      words: [],
      root: undefined,
      states: 1,
      images: [],
      makeImage: (exchange) => this.commands[this.#symmetry.exchanges[exchange]!.commands[command]!]!,
      argumentIn: (state) => state,
      run: (words) =>
        this.#observed(words, (observation) => {
          const { outcome, effect } = transitionOf(system, this.#layout, observation, call);
          if (!effect) throw new SpecError(`${describeCommand(call)} leaves the state's domain`);
          return { key: outcomeKey(outcome), outcome, effect };
        }),
    };
  }

  ofState(property: Judgeable['property'], at: number): StateFunction {
    const key = `${property.id} ${at}`;
    const known = this.#judgements.get(key);
    if (known) return known;
    const instance = this.#instanceAt(property, at);
    const made: StateFunction = {
      what: this.#judgementWords(property, instance),
      words: judgementWords(property),
      root: undefined,
      states: 1,
      images: [],
      makeImage: (exchange) => this.ofState(property, this.image(property, at, exchange)),
      argumentIn: (state) => state,
      run: (words) =>
        this.#observed(words, (observation) => {
          const view = viewOf(observation, this.#layout.place);
          return { key: String(decides(property, judge(this.#task, property, view, instance))) };
        }),
    };
    this.#judgements.set(key, made);
    return made;
  }

  ofCall(
    property: Judgeable['property'],
    at: number,
    command: number,
    outcome: Outcome<unknown>,
    same: boolean,
  ): StateFunction {
    const key = `${property.id} ${at} ${command} ${same} ${outcomeKey(outcome)}`;
    const known = this.#judgements.get(key);
    if (known) return known;
    const instance = this.#instanceAt(property, at);
    const call = this.#task.commands[command]!;
    const width = this.#layout.words;
    const made: StateFunction = {
      what: `${this.#judgementWords(property, instance)} of ${describeCommand(call)}`,
      words: judgementWords(property),
      root: undefined,
      states: 2,
      images: [],
      makeImage: (exchange) =>
        this.ofCall(
          property,
          this.image(property, at, exchange),
          this.#symmetry.exchanges[exchange]!.commands[command]!,
          outcome,
          same,
        ),
      argumentIn: (state) => {
        const { leaf } = this.#rowAt(this.commands[command]!, state);
        if (leaf.key !== outcomeKey(outcome)) return undefined;
        const after = applied(leaf.effect!, state);
        if (equal(state, after) !== same) return undefined;
        const pair = new Uint32Array(2 * width);
        pair.set(state);
        pair.set(after, width);
        return pair;
      },
      run: (words) =>
        this.#observed(words, (observation) => {
          const before = viewOf(observation, this.#layout.place);
          const after = same ? before : viewOf(observation, this.#layout.after);
          const seen = {
            before,
            command: call,
            outcome: strict({ ...outcome, state: after }, outcomeFields, 'an outcome'),
          };
          return { key: String(decides(property, judge(this.#task, property, seen, instance))) };
        }),
    };
    this.#judgements.set(key, made);
    return made;
  }

  #instanceAt(property: Judgeable['property'], at: number): unknown {
    return this.#task.obligations.find((one) => one.property === property)!.instances[at];
  }

  /** The position of the instance that takes the place of the one at `at`. */
  image(property: Judgeable['property'], at: number, exchange: number): number {
    const { renamed, group, what } = this.#symmetry.exchanges[exchange]!;
    const instance = this.#instanceAt(property, at);
    const image = renamed(instance);
    if (image === instance) return at;
    const found = this.#instances.get(property)!.get(instanceKey(image));
    if (found !== undefined) return found;
    throw wrong(
      this.#task,
      group.label,
      `property ${property.id} is judged for ${instanceWords(instance)} but, with ${what}, not for ${instanceWords(image)}`,
    );
  }

  #judgementWords(property: Judgeable['property'], instance: unknown): string {
    return `property ${property.id}${instance === undefined ? '' : ` for ${instanceWords(instance)}`}`;
  }

  /** Which commands are a property's own must not depend on the index either. */
  #checkOwners() {
    for (const { property, instances } of this.#task.obligations) {
      if (property.on !== 'path') continue;
      for (const [at, instance] of instances.entries())
        for (const [number, exchange] of this.#symmetry.exchanges.entries()) {
          const image = instances[this.image(property, at, number)];
          for (const [i, command] of this.#task.commands.entries()) {
            const other = this.#task.commands[exchange.commands[i]!]!;
            if (owns(this.#task, property, command, instance) === owns(this.#task, property, other, image)) continue;
            throw wrong(
              this.#task,
              exchange.group.label,
              `${this.#judgementWords(property, instance)} takes ${describeCommand(command)} and, with ${exchange.what}, not ${describeCommand(other)} for its own, or the other way round`,
            );
          }
        }
    }
  }

  /** Which instances of the judgeable's property are alike, as positions among its instances. */
  alike({ property, instance }: Pick<Judgeable, 'property' | 'instance'>): readonly number[] {
    const known = this.#instances.get(property)!;
    const found = [known.get(instanceKey(instance))!];
    for (const at of found)
      for (const exchange of this.#symmetry.exchanges.keys()) {
        const image = this.image(property, at, exchange);
        if (!found.includes(image)) found.push(image);
      }
    return found.sort((a, b) => a - b);
  }

  #observed(words: Uint32Array, run: (observation: Observation) => Leaf) {
    this.runs++;
    const { reads, answer } = answered(words, run, mostReadings);
    return { reads, leaf: answer };
  }
}

/** The error of a symmetry that is none; `label`: of what. */
export const wrong = ({ scope }: Task, label: string, what: string): SpecError =>
  new SpecError(`${scope.model}@${scope.variant}: symmetry of ${label}: ${what}`);

export const imageOf = (fn: StateFunction, exchange: number): StateFunction =>
  (fn.images[exchange] ??= fn.makeImage(exchange));

const judgementWords = ({ on, witness }: Judgeable['property']): readonly string[] => {
  if (on === 'path') return ['waits', 'does not wait'];
  return witness ? ['is not reached', 'is reached'] : ['holds', 'is violated'];
};

const instanceKey = (instance: unknown): string => JSON.stringify(instance) ?? 'undefined';

const instanceWords = (instance: unknown): string =>
  typeof instance === 'object' && instance !== null ? describeFields(instance) : String(instance);

export const equal = (a: Uint32Array, b: Uint32Array): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i]);

export const applied = ({ keep, set }: Effect, words: Uint32Array): Uint32Array =>
  keep.map((bits, i) => (words[i]! & bits) | set[i]!);
