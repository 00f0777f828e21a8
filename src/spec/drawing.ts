/**
 * What a state looks like on paper, in parts such as the page tables, the pages, the TLB: a line for each entry, with lines below it
 * where it is a table. The report compares lines of the same names before and after a call, and marks what has changed.
 */
export interface Drawing {
  readonly title: string;
  /** Over the cells. */
  readonly columns: readonly string[];
  readonly lines: readonly Line[];
}

export interface Line {
  /** Distinct among its neighbours, and the same in every state: `pfn 3`. */
  readonly name: string;
  readonly cells: readonly string[];
  /** Of an entry that is used though it should be gone: a few words why, e.g. `outlives its mapping` of one in a TLB. */
  readonly stale?: string | undefined;
  readonly below?: readonly Line[];
}
