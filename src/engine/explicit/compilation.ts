import { compile, type Expand } from './compiled.ts';
import type { SearchState } from './search-state.ts';

/** By then most of the rows that matter have been learned; a search that ends before is not worth compiling. */
const statesBeforeCompiling = 1000;

/** The growth of a search, in states, after which tables with new rows are compiled again. */
const growth = 1.5;

/** The compiled transition tables of a search, compiled anew as the tables grow. */
export class Compilation {
  readonly #search: SearchState;
  #rows = 0;
  #nextAt = statesBeforeCompiling;
  /** The text of `expand`, for workers; undefined before it was compiled, or where it would be too long. */
  code: string | undefined;
  /** Undefined where `code` is. */
  expand: Expand | undefined;

  constructor(search: SearchState) {
    this.#search = search;
  }

  /** Compiles anew if there are new rows, and enough states were expanded since the last time; `expanded`: how many in all. */
  refresh(expanded: number): void {
    if (expanded < this.#nextAt) return;
    while (this.#nextAt <= expanded) this.#nextAt = Math.ceil(this.#nextAt * growth);
    this.compile();
  }

  /** Compiles anew if there are new rows. */
  compile(): void {
    const { transitions, check, states, task, width, callJudgements, symmetry, workers } = this.#search;
    if (transitions.size === this.#rows) return;
    this.#rows = transitions.size;
    check?.follow(transitions, states.count);
    const isQuiet = (row: number) => callJudgements.isQuiet(row);
    this.code = compile(transitions, task.commands.length, width, isQuiet, symmetry?.code);
    this.expand = this.code === undefined ? undefined : (new Function(this.code)() as Expand);
    if (this.code !== undefined) workers?.use(this.code, transitions.commands());
  }
}
