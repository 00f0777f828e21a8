import type { Exploration } from '../engine/exploration.ts';
import { causes, type Task } from '../engine/task.ts';
import { viewOf } from '../observe/view.ts';
import { SpecError } from '../spec/errors.ts';
import type { Model } from '../spec/model.ts';
import { laneOf, namesPage, pageClassOf, pagesOf } from '../system/callbacks.ts';
import { guarded } from '../system/guarded.ts';
import type { Layout } from '../system/layout.ts';
import { DecisionTable } from '../table/decision-table.ts';
import { leads } from '../table/transition-table.ts';
import { answered } from '../table/watch.ts';
import type { CancellationPoint } from './cancellation.ts';
import { ruleResultOf } from './case-tree.ts';
import type { LifeCycle, Movement } from './result.ts';

/** No page is in it: what `classify` gives undefined for. */
const none = 0;

/** What calls do to the pages of each class, in every state that was expanded. Undefined if the model does not classify pages. */
export const lifeCycleOf = async (
  model: Model,
  task: Task,
  { states, layout, expanded, graph, transitions }: Exploration,
  depths: Uint32Array,
  cancellation: CancellationPoint,
): Promise<LifeCycle | undefined> => {
  if (!model.classify) return undefined;
  const { config } = task.scope;
  const pages = pagesOf(model, config);
  const classes = new Names();
  const columns = new Names();
  const tabulated = (what: string, of: (state: unknown) => number) =>
    new Tabulated(layout, `${task.scope.model}@${task.scope.variant}: ${what}`, of);
  const classify = pages.map((page) =>
    tabulated('classify()', (state) => classes.numberOf(pageClassOf(model, task.scope, state, page))),
  );
  const names = task.commands.map((command) =>
    pages.map((page) => tabulated('names()', (state) => Number(namesPage(model, task.scope, state, command, page)))),
  );
  const kinds = task.commands.map(({ kind }) => kind);
  const lane = laneOf(model);
  // What a thread does next is in the state, not in the command.
  const columnOf = lane
    ? task.commands.map((command) =>
        tabulated('lane()', (state) => columns.numberOf(lane({ before: state, command })?.step ?? command.kind)),
      )
    : kinds.map((kind) => {
        const number = columns.numberOf(kind);
        return { at: () => number };
      });
  const width = layout.words;
  // By state times pages: the page's class.
  const classOf = new Uint16Array(states.count * pages.length);
  for (let state = 0; state < states.count; state++) {
    if (cancellation.isDue) await cancellation.check();
    for (const p of pages.keys()) classOf[state * pages.length + p] = classify[p]!.at(states.words, state * width);
  }

  const movements = new Map<string, Movement>();
  const seen = new Set<number>();
  const count = classes.all().length + 1;
  for (let state = 0; state < expanded; state++) {
    if (cancellation.isDue) await cancellation.check();
    for (const number of task.commands.keys()) {
      const row = transitions.find(number, states.words, state * width);
      const lead = transitions.leads(row);
      if (lead === leads.disabled) continue;
      const next = lead === leads.on ? graph.successor(state, number) : state;
      if (next < 0) continue; // behind a bound
      const column = columnOf[number]!.at(states.words, state * width);
      for (const p of pages.keys()) {
        const from = classOf[state * pages.length + p]!;
        const to = lead === leads.panic ? none : classOf[next * pages.length + p]!;
        if (from === none) continue;
        const isNamed = names[number]![p]!.at(states.words, state * width) === 1;
        if (!isNamed && (from === to || lead === leads.panic)) continue;
        const key = (((column * transitions.size + row) * count + from) * count + to) * 2 + Number(isNamed);
        if (seen.has(key)) continue;
        seen.add(key);
        const movement: Movement = {
          from: classes.name(from)!,
          command: columns.name(column)!,
          named: isNamed,
          result: ruleResultOf(transitions.row(row).outcome),
          to: classes.name(to),
          witness: depths[state]! + 1,
        };
        const { witness: _, ...what } = movement;
        const all = JSON.stringify(what);
        if (!movements.has(all)) movements.set(all, movement);
      }
    }
  }
  const initial = [...new Set(pages.flatMap((_, p) => classes.name(classOf[p]!) ?? []))];
  return {
    subject: model.subject ?? 'a page',
    several: pages.length > 1,
    of: lane ? 'steps' : 'calls',
    classes: classes.all(),
    initial,
    commands: columns.all(),
    movements: [...movements.values()],
  };
};

/** A function of a state as a decision table, learned as the engine learns a transition. */
class Tabulated {
  readonly #layout: Layout<unknown>;
  readonly #what: string;
  readonly #of: (state: unknown) => number;
  readonly #table = new DecisionTable<number>();

  /** `of` gives a number from 0 on. */
  constructor(layout: Layout<unknown>, what: string, of: (state: unknown) => number) {
    this.#layout = layout;
    this.#what = what;
    this.#of = of;
  }

  at(words: Uint32Array, offset: number): number {
    return this.#table.find(words, offset)?.leaf ?? this.#learn(words.slice(offset, offset + this.#layout.words));
  }

  #learn(state: Uint32Array): number {
    const { reads, answer } = answered(state, (observation) =>
      guarded(this.#what, () => this.#of(viewOf(observation, this.#layout.place))),
    );
    if (answer !== guarded(this.#what, () => this.#of(this.#layout.decode(state))))
      throw new SpecError(`${this.#what} is impure: asked twice it gave two answers (${causes})`);
    return this.#table.learn({ reads, leaf: answer, sample: state }).leaf;
  }
}

/** Names by number, in the order in which they are met; `none` has no name. */
class Names {
  readonly #names: (string | undefined)[] = [undefined];

  name(number: number): string | undefined {
    return this.#names[number];
  }

  all(): string[] {
    return this.#names.slice(1) as string[];
  }

  numberOf(name: string | undefined): number {
    const known = this.#names.indexOf(name);
    return known < 0 ? this.#names.push(name) - 1 : known;
  }
}
