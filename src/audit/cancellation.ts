/** Thrown where ctrl-C came while something was made of what a search had found. */
export class Cancelled extends Error {}

/** How long work goes on before ctrl-C can be heard. */
const millisecondsBetween = 50;

/**
 * Long work that is no search calls `if (cancellation.isDue) await cancellation.check();` in its loops. `check` lets ctrl-C through, and
 * throws `Cancelled` once it has come.
 */
export class CancellationPoint {
  readonly #goesOn: () => Promise<boolean>;
  #last = Number.NEGATIVE_INFINITY;

  /** `goesOn` says whether to go on. It is asked at once, and then some twenty times a second. */
  constructor(goesOn: () => Promise<boolean>) {
    this.#goesOn = goesOn;
  }

  get isDue(): boolean {
    return performance.now() - this.#last > millisecondsBetween;
  }

  async check(): Promise<void> {
    if (!(await this.goesOn())) throw new Cancelled();
  }

  /** For work that has something to show if it ends early: whether to go on. */
  async goesOn(): Promise<boolean> {
    const goesOn = await this.#goesOn();
    this.#last = performance.now();
    return goesOn;
  }
}
