import type { Draft } from 'immer';
import {
  array,
  type Domain,
  defineModel,
  invariant,
  type Outcome,
  ok,
  type Property,
  range,
  record,
  refuse,
  stepProperty,
  update,
  variant,
} from '../../src/spec/index.ts';

/**
 * stage2-tree(L, E, P): a stage-2 table of L levels with E entries each, whose leaves, blocks or pages, have one of P permissions.
 * Mapping a page below a block breaks the block up, mapping a block above a table drops the table, and a table goes with its last
 * entry. The second yardstick of the benchmarks: its states can be counted by hand, and its writes replace whole subtrees.
 */
type Pte =
  | { readonly kind: 'invalid' }
  | { readonly kind: 'leaf'; readonly prot: number }
  | { readonly kind: 'table'; readonly entries: readonly Pte[] };
interface State {
  readonly entries: readonly Pte[];
}
type Command =
  | { readonly kind: 'map'; readonly page: number; readonly level: number; readonly prot: number }
  | { readonly kind: 'unmap'; readonly page: number }
  | { readonly kind: 'wrprotect'; readonly page: number };

/** `above`: how many levels of tables may follow below the entry. */
const pteOf = (above: number, entries: number, prots: number): Domain<Pte> => {
  const leaf = { prot: range(0, prots - 1) };
  if (above === 0) return variant({ invalid: {}, leaf }) as Domain<Pte>;
  return variant({
    invalid: {},
    leaf,
    table: { entries: array(pteOf(above - 1, entries, prots), entries) },
  }) as Domain<Pte>;
};

const invalid = (entries: number) => Array.from({ length: entries }, () => ({ kind: 'invalid' as const }));

export const stage2Tree = defineModel({
  id: 'stage2-tree',
  title: 'a stage-2 table with blocks, splitting and coalescing',
  sources: [],
  config: {
    levels: { doc: 'levels', default: 2, min: 2, max: 3 },
    entries: { doc: 'entries of a table', default: 3, min: 2, max: 4 },
    prots: { doc: 'permissions that a leaf may have', default: 3, min: 1, max: 3 },
  },
  switches: {},
  variants: { only: { doc: '', switches: {} } },
  defaultVariant: 'only',
  system: ({ levels, entries, prots }) => {
    const pages = entries ** levels;
    const indexAt = (page: number, level: number) => Math.floor(page / entries ** (levels - 1 - level)) % entries;

    /** The last entry on the way to the page, with its level. */
    const walk = (state: State, page: number): Pte => {
      let pte = state.entries[indexAt(page, 0)]!;
      for (let level = 1; pte.kind === 'table'; level++) pte = pte.entries[indexAt(page, level)]!;
      return pte;
    };

    const map = (state: State, page: number, level: number, prot: number): Outcome<State> => {
      let table: readonly Pte[] = state.entries;
      for (let at = 0; ; at++) {
        const pte = table[indexAt(page, at)]!;
        if (at === level && pte.kind === 'leaf' && pte.prot === prot)
          return refuse(state, 'EAGAIN', 'mapped like this');
        if (at === level || pte.kind !== 'table') break;
        table = pte.entries;
      }
      return ok(
        update(state, (draft) => {
          let into: Draft<Pte>[] = draft.entries;
          for (let at = 0; at < level; at++) {
            const index = indexAt(page, at);
            if (into[index]!.kind !== 'table') into[index] = { kind: 'table', entries: invalid(entries) };
            const pte = into[index]!;
            if (pte.kind === 'table') into = pte.entries;
          }
          into[indexAt(page, level)] = { kind: 'leaf', prot };
        }),
      );
    };

    const unmap = (state: State, page: number): Outcome<State> => {
      if (walk(state, page).kind === 'invalid') return refuse(state, 'ENOENT', 'not mapped');
      const clear = (table: Draft<Pte>[], level: number): void => {
        const index = indexAt(page, level);
        const pte = table[index]!;
        if (pte.kind === 'table') clear(pte.entries, level + 1);
        if (pte.kind !== 'table' || pte.entries.every(({ kind }) => kind === 'invalid'))
          table[index] = { kind: 'invalid' };
      };
      return ok(update(state, (draft) => clear(draft.entries, 0)));
    };

    const wrprotect = (state: State, page: number): Outcome<State> => {
      const pte = walk(state, page);
      if (pte.kind !== 'leaf') return refuse(state, 'ENOENT', 'not mapped');
      if (pte.prot === 0) return ok(state);
      return ok(
        update(state, (draft) => {
          let at = draft.entries[indexAt(page, 0)]!;
          for (let level = 1; at.kind === 'table'; level++) at = at.entries[indexAt(page, level)]!;
          if (at.kind === 'leaf') at.prot = 0;
        }),
      );
    };

    const page = range(0, pages - 1);
    return {
      state: record({ entries: array(pteOf(levels - 1, entries, prots), entries) }) as Domain<State>,
      command: variant({
        map: { page, level: range(0, levels - 1), prot: range(0, prots - 1) },
        unmap: { page },
        wrprotect: { page },
      }) as Domain<Command>,
      initial: { entries: invalid(entries) },
      step: (state: State, command: Command): Outcome<State> => {
        if (command.kind === 'map') {
          const { page, level, prot } = command;
          // A block is named by its first page.
          if (page % entries ** (levels - 1 - level) !== 0) return refuse(state, 'EINVAL', 'not aligned');
          return map(state, page, level, prot);
        }
        return command.kind === 'unmap' ? unmap(state, command.page) : wrprotect(state, command.page);
      },
    };
  },
});

const common = { statement: '', source: '' };

export const stage2TreeProperties: readonly Property[] = [
  invariant(stage2Tree, {
    ...common,
    id: 'no-empty-table',
    forEach: ({ entries }) => record({ index: range(0, entries - 1) }),
    holds: ({ entries }, { index }) => {
      const holds = (pte: Pte): boolean =>
        pte.kind !== 'table' || (pte.entries.some(({ kind }) => kind !== 'invalid') && pte.entries.every(holds));
      return holds(entries[index]!);
    },
  }),
  stepProperty(stage2Tree, {
    ...common,
    id: 'refusals-change-nothing',
    holds: ({ before, outcome }) => outcome.result === 'ok' || outcome.state === before,
  }),
];

/** How many states are reachable: an entry of the last level is invalid or a leaf; of another, also a table that is not empty. */
export const stage2TreeStates = (levels: number, entries: number, prots: number): number => {
  let choices = 1 + prots;
  for (let level = 1; level < levels; level++) choices = prots + choices ** entries;
  return choices ** entries;
};
