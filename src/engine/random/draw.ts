import { type Command, describeCommand } from '../../spec/model.ts';
import type { Task } from '../task.ts';

/** So many of the last calls have arguments that are drawn again. */
const remembered = 4;

/** Draws of kinds of commands are made from so many. */
const tickets = 64;

/** How a run draws its calls. */
export interface Style {
  /** Kinds of commands to draw from, each as often as it is to be drawn. */
  readonly kinds: readonly number[];
  /** The share of calls that are likely ones, where the model lists some. */
  readonly likely: number;
  /** Of two calls that lead on, the one is made whose row was followed less often. */
  readonly prefersRare: boolean;
}

/** Draws calls, as numbers of commands. */
export class Draw {
  readonly #commands: readonly Command[];
  readonly #likely: readonly number[];
  /** By kind of command: its commands. */
  readonly #kinds: readonly (readonly number[])[];
  readonly #kindOf: readonly number[];
  /** By kind: how often a command of it was followed. */
  readonly #followed: number[];
  /** By command: its arguments, as numbers of `name=value`. */
  readonly #arguments: readonly (readonly number[])[];
  /** By kind and argument: the commands of the kind with the argument. */
  readonly #sharing: readonly (readonly (readonly number[] | undefined)[])[];

  constructor(task: Task) {
    const { commands } = task;
    this.#commands = commands;
    const numbers = new Map(commands.map((command, number) => [describeCommand(command), number]));
    // A program that makes the calls may lack some that the model finds likely.
    this.#likely = (task.system.likely ?? []).flatMap((command) => numbers.get(describeCommand(command)) ?? []);
    const names = [...new Set(commands.map(({ kind }) => kind))];
    this.#kindOf = commands.map(({ kind }) => names.indexOf(kind));
    this.#kinds = names.map((_, kind) => [...commands.keys()].filter((number) => this.#kindOf[number] === kind));
    this.#followed = names.map(() => 0);
    const texts = commands.map(({ kind: _, ...rest }) =>
      Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    );
    const known = new Map([...new Set(texts.flat())].map((text, argument) => [text, argument]));
    this.#arguments = texts.map((given) => given.map((text) => known.get(text)!));
    this.#sharing = this.#kinds.map((numbers) =>
      Array.from({ length: known.size }, (_, argument) => {
        const sharing = numbers.filter((number) => this.#arguments[number]!.includes(argument));
        return sharing.length > 0 ? sharing : undefined;
      }),
    );
  }

  /** How a run draws that is to be as plain as can be. */
  get plain(): Style {
    return { kinds: [...this.#kinds.keys()], likely: 3 / 4, prefersRare: false };
  }

  /**
   * How a run draws, itself at random (swarm testing: Groce et al., ISSTA 2012). Half of the runs draw kinds of commands more often that
   * were followed seldom. A quarter leaves out about half of the kinds and favours one.
   */
  style(random: () => number): Style {
    const dice = random();
    const kinds = dice < 1 / 2 ? this.#balanced() : dice < 3 / 4 ? this.#someOf(random) : this.plain.kinds;
    return { kinds, likely: random() < 3 / 4 ? 3 / 4 : 1 / 4, prefersRare: random() < 1 / 2 };
  }

  #balanced(): readonly number[] {
    const weights = this.#followed.map((times) => 1 / Math.sqrt(1 + times));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.flatMap((weight, kind) =>
      new Array<number>(Math.max(1, Math.round((weight / total) * tickets))).fill(kind),
    );
  }

  #someOf(random: () => number): readonly number[] {
    const kept = [...this.#kinds.keys()].filter(() => random() < 1 / 2);
    const favoured = below(random, this.#kinds.length);
    return [...kept, favoured, favoured, favoured];
  }

  /** A call for a run that made the calls at `path`: its arguments are often those of the last calls. */
  call(random: () => number, { kinds, likely }: Style, path: readonly number[]): number {
    if (this.#likely.length > 0 && random() < likely) return this.#likely[below(random, this.#likely.length)]!;
    const kind = kinds[below(random, kinds.length)]!;
    if (path.length > 0 && random() < 1 / 2) {
      const given = this.#arguments[path[path.length - 1 - below(random, Math.min(remembered, path.length))]!]!;
      const sharing = given.length > 0 ? this.#sharing[kind]![given[below(random, given.length)]!] : undefined;
      if (sharing) return sharing[below(random, sharing.length)]!;
    }
    const all = this.#kinds[kind]!;
    return all[below(random, all.length)]!;
  }

  /** A run that is over has followed the command. */
  follow(command: number): void {
    this.#followed[this.#kindOf[command]!]!++;
  }

  describe(number: number): string {
    return describeCommand(this.#commands[number]!);
  }
}

const below = (random: () => number, count: number): number => Math.floor(random() * count);
