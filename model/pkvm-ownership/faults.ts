import { disabled, type Outcome, refuse, update } from '../../src/spec/index.ts';
import { hostDonateGuest, hostShareGuest, hostUnshareGuest, relaxPermsGuest } from './guests.ts';
import {
  type Call,
  type Context,
  type Gfn,
  isProtected,
  type Leaf,
  type Pfn,
  type Sizes,
  type State,
} from './state.ts';

// What the host does about a fault of a guest: several hypercalls, one after the other. Kernel: arch/arm64/kvm/mmu.c and pkvm.c of
// 7.2, outside of EL2. The host's record of what it has mapped (struct pkvm_mapping) is what the guest's stage-2 has.

/** The page behind a gfn: a memslot maps gfn 0 to pfn 0, and begins anew where memory ends. */
export const backing = (gfn: Gfn, { pages }: Sizes): Pfn => gfn % pages;

/** The first gfn and the number of pages that a fault at `gfn` maps, with a huge page behind it or without. */
export const faultRange = (gfn: Gfn, huge: boolean, sizes: Sizes): { readonly first: Gfn; readonly nr: number } => {
  const first = gfn - (gfn % sizes.block);
  const fits = first + sizes.block <= sizes.gfns && backing(first, sizes) + sizes.block <= sizes.pages;
  return huge && fits ? { first, nr: sizes.block } : { first: gfn, nr: 1 };
};

/** Whether the host can give a page to a guest: it has it, alone or shared with other guests that are not protected. */
export const givable = (state: State, page: Pfn, vm: number, sizes: Sizes): boolean => {
  if (state.host[page] === 'OWNED') return true;
  const count = state.host_share_guest_count[page]!;
  return !isProtected(vm, sizes) && state.host[page] === 'SHARED_OWNED' && count > 0 && count < sizes.shares;
};

/** The pages behind a range that faultRange() gives. */
export const pagesBehind = (first: Gfn, nr: number, sizes: Sizes): Pfn[] =>
  Array.from({ length: nr }, (_, i) => backing(first, sizes) + i);

/** A guest touches a page that it cannot touch. */
export const guestFault = (state: State, call: Call<'guest_fault'>, context: Context): Outcome<State> => {
  const { vm, gfn, memslot, access } = call;
  const { sizes } = context;
  const pte = state.vms[vm]!.guest[gfn]!;
  if (pte.kind === 'leaf' && (access === 'read' || pte.writable)) return disabled(state, 'the guest need not fault');
  const { first, nr } = faultRange(gfn, memslot === 'huge', sizes);
  if (
    memslot === 'huge' &&
    (nr === 1 || !pagesBehind(first, nr, sizes).every((page) => givable(state, page, vm, sizes)))
  )
    return disabled(state, 'no huge page lies behind it');
  return isProtected(vm, sizes) ? pkvmMemAbort(state, call, context) : userMemAbort(state, call, context);
};

/**
 * Fills the memcache with as many pages as a mapping can take. Kernel: topup_hyp_memcache() and pkvm_refill_memcache() together. If the fault
 * then fails, the callers return the state without these pages: pkvm_refill_memcache() alone leads to the state with them.
 */
const toppedUp = (state: State, vm: number, { sizes }: Context): State =>
  update(state, (draft) => {
    const target = draft.vms[vm]!;
    target.memcache = Math.max(target.memcache, sizes.levels - 1);
  });

/** A protected guest is given a page, never a block. Kernel: pkvm_mem_abort(). */
const pkvmMemAbort = (state: State, { vm, gfn }: Call<'guest_fault'>, context: Context): Outcome<State> => {
  if (state.vms[vm]!.guest[gfn]!.kind === 'poison')
    return refuse(state, 'EFAULT', 'poisoned: the host has taken the page back');
  const donated = hostDonateGuest(toppedUp(state, vm, context), backing(gfn, context.sizes), gfn, vm, context);
  return donated.result === 'refused' ? { ...donated, state } : donated;
};

/** Kernel: user_mem_abort(), kvm_s2_fault_map() and pkvm_pgtable_stage2_map() for a guest that is not protected. */
const userMemAbort = (state: State, call: Call<'guest_fault'>, context: Context): Outcome<State> => {
  const { vm, gfn, memslot, access } = call;
  const { sizes, patch } = context;
  const pte = state.vms[vm]!.guest[gfn]!;
  const logged = memslot === 'logged';
  const tops = pte.kind !== 'leaf' || patch.topsUpAtPermission || logged;
  const topped = tops ? toppedUp(state, vm, context) : state;
  const prot = access === 'write' || !logged ? 'RWX' : 'RX';
  // A permission fault in a block keeps the block, unless dirty logging wants pages.
  const granule = pte.kind !== 'leaf' ? 0 : granuleOf(pte, sizes);
  const { first, nr } = faultRange(gfn, memslot === 'huge' || (granule > 1 && !logged), sizes);
  if (nr === granule) return relaxPermsGuest(topped, gfn, vm, prot, context);

  let unmapped = topped;
  const mappings = mappingsIn(state, vm, first, nr, sizes);
  for (const mapping of mappings) {
    const unshared = hostUnshareGuest(unmapped, mapping.gfn, mapping.nr, vm, context);
    if (unshared.result !== 'ok') return unshared;
    unmapped = unshared.state;
  }
  const shared = hostShareGuest(unmapped, backing(first, sizes), first, nr, vm, prot, context);
  return shared.result === 'refused' && mappings.length === 0 ? { ...shared, state } : shared;
};

const granuleOf = ({ level }: Leaf, { block }: Sizes): number => (level === 3 ? 1 : block);

/** The mappings that overlap a range of gfns, each once. */
const mappingsIn = (state: State, vm: number, first: Gfn, nr: number, sizes: Sizes) => {
  const { guest } = state.vms[vm]!;
  const found = new Map<Gfn, number>();
  for (let at = first; at < first + nr; at++) {
    const pte = guest[at]!;
    if (pte.kind !== 'leaf') continue;
    const granule = granuleOf(pte, sizes);
    found.set(at - (at % granule), granule);
  }
  return [...found].map(([gfn, pages]) => ({ gfn, nr: pages }));
};
