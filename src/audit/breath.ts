/** Ctrl-C came while something was made of what a search had found. */
export class Interrupted extends Error {}

/** How long work goes on before ctrl-C can be heard. */
const millisecondsBetween = 50;

/**
 * For work that is long and is no search: `if (breath.isDue) await breath.take();` in its loops lets ctrl-C through, and throws
 * `Interrupted` when it has come.
 */
export class Breath {
  readonly #goesOn: () => Promise<boolean>;
  #last = Number.NEGATIVE_INFINITY;

  /** `goesOn` says whether to go on. It is asked at once, and then some twenty times a second. */
  constructor(goesOn: () => Promise<boolean>) {
    this.#goesOn = goesOn;
  }

  get isDue(): boolean {
    return performance.now() - this.#last > millisecondsBetween;
  }

  async take(): Promise<void> {
    if (!(await this.goesOn())) throw new Interrupted();
  }

  /** Of work that has something to show if it ends early. */
  async goesOn(): Promise<boolean> {
    const goesOn = await this.#goesOn();
    this.#last = performance.now();
    return goesOn;
  }
}
