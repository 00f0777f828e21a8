/**
 * One part of a state as it is drawn: the page tables, the pages, the TLB. It has a line for each entry, and an entry that is a table has
 * lines below it. Reports compare the lines of equal names before and after a call, and mark what has changed.
 */
export interface Drawing {
  readonly title: string;
  /** The titles of the cells, in their order. */
  readonly columns: readonly string[];
  readonly lines: readonly Line[];
}

/** One entry of a drawing. */
export interface Line {
  /** No neighbour has the same name, and the entry has it in every state: `pfn 3`. */
  readonly name: string;
  readonly cells: readonly string[];
  /** For an entry that is used though it should be gone: a few words that say why. `outlives its mapping` for a TLB entry, say. */
  readonly stale?: string | undefined;
  /** The entries of the table that this entry points to. */
  readonly below?: readonly Line[];
}
