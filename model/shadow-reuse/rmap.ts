import { type Outcome, ok, panic, update, warn } from '../../src/spec/index.ts';
import { type Gfn, gfns, memslotOf, memslots, type State } from './state.ts';

type Draft = Parameters<Parameters<typeof update<State>>[1]>[0];
type Page = Extract<Draft['child'], { kind: 'page' }>;

/** What went wrong during a call: the WARNs that fired, and the first event that the machine does not survive. */
interface Log {
  readonly warnings: Set<string>;
  oops?: string | undefined;
}

/** Makes one update whose steps can WARN or oops, and returns its outcome. */
export const changed = (state: State, change: (draft: Draft, log: Log) => void): Outcome<State> => {
  const log: Log = { warnings: new Set() };
  const after = update(state, (draft) => change(draft, log));
  const outcome = log.oops === undefined ? ok(after) : panic(after, log.oops);
  return [...log.warnings].reduce(warn, outcome);
};

/**
 * Where the reverse-map entry of leaf `i` is looked for. Kernel: kvm_mmu_page_get_gfn(): stored
 * for an indirect page, computed for a direct one.
 */
export const gfnOfLeaf = ({ direct, gfn, leaves }: Page | (State['child'] & { kind: 'page' }), i: number) =>
  direct ? gfn + i : leaves[i]!;

/** Maps leaf `i` to `gfn`, and records that. Kernel: the end of mmu_set_spte(): kvm_mmu_page_set_translation(), rmap_add(). */
export const addLeaf = (draft: Draft, page: Page, i: number, gfn: Gfn, log: Log) => {
  page.leaves[i] = gfn;
  if (page.direct && gfn !== page.gfn + i) log.warnings.add('gfn mismatch under direct page');
  draft.rmap[gfn]![i] = true;
};

/** Clears leaf `i`, and its reverse-map entry if that is where it should be. Kernel: drop_spte(), rmap_remove(). */
export const dropLeaf = (draft: Draft, page: Page, i: number, log: Log) => {
  if (page.leaves[i] === 'none') return;
  const gfn = gfnOfLeaf(page, i);
  const mapped = page.leaves[i] !== 'mmio';
  page.leaves[i] = 'none';
  if (!mapped || gfn === 'none' || gfn === 'mmio') return;
  if (!draft.memslots[memslotOf(gfn)]) {
    log.oops ??= 'rmap_remove() found no memslot: NULL pointer dereference';
    return;
  }
  const leaves = draft.rmap[gfn]!;
  if (!leaves[i]) {
    log.warnings.add('pte_list_remove() found no rmap entry');
    draft.bugged = true;
  }
  leaves[i] = false;
};

/** Frees the child; entries of the reverse map that still point into it now point into a freed page. Kernel: kvm_mmu_prepare_zap_page(). */
export const zapChild = (draft: Draft, log: Log) => {
  const page = draft.child;
  if (page.kind === 'none') return;
  for (const i of [0, 1]) dropLeaf(draft, page, i, log);
  draft.child = { kind: 'none' };
  for (const gfn of gfns) {
    const leaves = draft.rmap[gfn]!;
    for (const i of [0, 1])
      if (leaves[i]) {
        leaves[i] = false;
        draft.stale[memslotOf(gfn)] = true;
      }
  }
};

/** The oops in which a walk of a memslot's reverse map ends; undefined if it does not. Kernel: for_each_rmap_spte(). */
export const walkOops = ({ rmap, stale, child }: State | Draft, slot: number): string | undefined => {
  if (stale[slot]) return 'use after free: the rmap entry points into a freed shadow page';
  const dead = memslots[slot]!.some((gfn) =>
    [0, 1].some(
      (i) => rmap[gfn]![i] && child.kind === 'page' && (child.leaves[i] === 'none' || child.leaves[i] === 'mmio'),
    ),
  );
  return dead ? 'BUG: the rmap entry is of a shadow entry that is not present' : undefined;
};
