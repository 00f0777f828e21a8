import { type Outcome, ok, refuse, update } from '../../src/spec/index.ts';
import { type Entry, isRam, mmioPages, type Pfn, type Sizes, type State } from './state.ts';

/** What kvm_pgtable_stage2_unmap() does with a counted invalid entry, that is, with an owner annotation. */
type CountedInvalid = 'clears' | 'refuses' | 'skips';

/** The raw entry for a page; in a table that does not exist, zero. Kernel: kvm_pgtable_get_leaf(). */
export const getLeaf = (state: State, pfn: Pfn, sizes: Sizes): Entry => {
  if (isRam(pfn, sizes)) return state.ram[pfn - mmioPages(sizes)]!.entry;
  const table = state.tables[Math.floor(pfn / sizes.entriesPerTable)]!;
  return table.kind === 'absent' ? 'zero' : table.entries[pfn % sizes.entriesPerTable]!;
};

/**
 * Writes one last-level entry, allocating its table. Kernel: the map walker, stage2_map_walk_leaf(), behind both
 * kvm_pgtable_stage2_map() and kvm_pgtable_stage2_set_owner(); the latter allocates a table even to write a zero entry.
 */
export const writeLeaf = (state: State, pfn: Pfn, entry: Entry, sizes: Sizes): Outcome<State> => {
  if (isRam(pfn, sizes))
    return ok(
      update(state, (draft) => {
        draft.ram[pfn - mmioPages(sizes)]!.entry = entry;
      }),
    );

  const t = Math.floor(pfn / sizes.entriesPerTable);
  const absent = state.tables[t]!.kind === 'absent';
  if (absent && state.pool === 0) return refuse(state, 'ENOMEM', 'no page for a table in host_s2_pool');
  return ok(
    update(state, (draft) => {
      if (absent) {
        draft.pool -= 1;
        draft.tables[t] = {
          kind: 'present',
          refcount: 1,
          entries: Array.from({ length: sizes.entriesPerTable }, () => 'zero'),
        };
      }
      const table = draft.tables[t]!;
      if (table.kind === 'absent') return;
      const i = pfn % sizes.entriesPerTable;
      table.refcount += Number(entry !== 'zero') - Number(table.entries[i] !== 'zero');
      table.entries[i] = entry;
    }),
  );
};

/**
 * Unmaps all MMIO so that its tables can be used again. A table is freed when its last counted entry is gone.
 * Kernel: host_stage2_unmap_dev_all(), over kvm_pgtable_stage2_unmap(). Not atomic: a refusal leaves what came before it unmapped.
 */
export const unmapDevAll = (state: State, countedInvalid: CountedInvalid): Outcome<State> => {
  let refused = false;
  const after = update(state, (draft) => {
    for (const [t, table] of draft.tables.entries()) {
      if (table.kind === 'absent') continue;
      for (const [i, entry] of table.entries.entries()) {
        if (entry === 'zero' || (entry === 'hyp' && countedInvalid === 'skips')) continue;
        if (entry === 'hyp' && countedInvalid === 'refuses') {
          refused = true;
          return;
        }
        table.entries[i] = 'zero';
        table.refcount -= 1;
      }
      if (table.refcount === 1) {
        draft.tables[t] = { kind: 'absent' };
        draft.pool += 1;
      }
    }
  });
  return refused ? refuse(after, 'EPERM', 'recycling met an annotated entry') : ok(after);
};

/** Runs `change`; if it is short of memory, recycles the MMIO tables and runs it once more. Kernel: host_stage2_try(). */
export const hostStage2Try = (
  state: State,
  countedInvalid: CountedInvalid,
  change: (state: State) => Outcome<State>,
): Outcome<State> => {
  const first = change(state);
  if (first.result !== 'refused' || first.errno !== 'ENOMEM') return first;
  const recycled = unmapDevAll(first.state, countedInvalid);
  return recycled.result === 'ok' ? change(recycled.state) : recycled;
};
