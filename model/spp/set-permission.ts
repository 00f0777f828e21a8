import { lookUp } from './bitmap.ts';
import { kvmSppMarkProtection } from './mark-protection.ts';
import { gfnToRmap, removeWhileIterating, rmapRemove, setRmap } from './rmap.ts';
import { kvmSppLevelPages } from './sppt.ts';
import {
  type Context,
  type Draft,
  type Events,
  flushRemoteTlbs,
  full,
  type Gfn,
  gfnToMemslot,
  isTouchable,
  sideOf,
  spacesOf,
  type Word,
  wordOf,
} from './state.ts';

export const rmapOutOfBounds = 'rmap index outside the memslot';
export const pageZeroInEpt = 'physical page 0 walked as a table of the EPT';
export const lpagesNotCounted = 'large leaf dropped, kvm->stat.lpages not adjusted';

/** Drops a large leaf. Kernel: kvm_spp_zap_pte(), which also adjusts kvm->stat.lpages. */
const kvmSppZapPte = (draft: Draft, root: number, side: 0 | 1, { sizes }: Context): void => {
  if (draft.large[root]![side] === '2M') draft.rmap2M = rmapRemove(draft.rmap2M, root, sizes.roots);
  draft.large[root]![side] = 'none';
};

/** Drops the sptes that map a range by pages or by 2 MiB. Returns whether there were any. Kernel: kvm_spp_flush_rmap(). */
const kvmSppFlushRmap = (draft: Draft, lower: Gfn, upper: Gfn, events: Events, { sizes, patch }: Context): boolean => {
  let flush = false;
  for (const space of spacesOf(draft, patch)) {
    const first = gfnToMemslot(draft, lower, sizes, space);
    if (first === undefined) return false;
    for (let gfn = lower; gfn <= upper; gfn++) {
      const slot = gfnToMemslot(draft, gfn, sizes, space);
      if (slot !== first && !patch.slotPerGfn) {
        events.push(rmapOutOfBounds);
        continue; // what lies there is not modelled
      }
      if (!isTouchable(gfn, sizes)) continue; // never mapped by a page
      const page = sideOf(gfn, sizes);
      const head = gfnToRmap(draft, space, page);
      if (head.kind !== 'empty') {
        const { removed, head: left } = removeWhileIterating(head, patch.rmapRestarts, sizes.roots, events);
        for (const root of removed) draft.pages[root]![page] = { kind: 'none' };
        setRmap(draft, space, page, left);
        flush = true;
      }
      const head2M = draft.rmap2M;
      if (space === 1 || page === 0 || head2M.kind === 'empty') continue;
      const { removed, head: left } = removeWhileIterating(head2M, patch.rmapRestarts, sizes.roots, events);
      for (const root of removed) draft.large[root]![page] = 'none';
      if (!patch.countsLargePages) events.push(lpagesNotCounted);
      draft.rmap2M = left as Draft['rmap2M'];
      flush = true;
    }
  }
  return flush;
};

export type SetResult = { readonly errno: 'ENODEV' | 'EFAULT'; readonly reason: string } | undefined;

/** Stores the words of a range and has the EPT forget it. Kernel: kvm_spp_set_permission(), under slots_lock and mmu_lock. */
export const kvmSppSetPermission = (
  draft: Draft,
  base: Gfn,
  map: readonly Word[],
  events: Events,
  context: Context,
): SetResult => {
  const { sizes, patch } = context;
  if (!draft.active) return { errno: 'ENODEV', reason: 'SPP is not active' };
  if (draft.spptRoot === 'invalid') return { errno: 'EFAULT', reason: 'no SPPT root' };
  const end = base + map.length - 1;

  for (const commits of patch.validatesFirst ? [false, true] : [true])
    for (let gfn = base; gfn <= end; gfn++) {
      const found = lookUp(draft, gfn, sizes);
      if (found !== 'found') return { errno: 'EFAULT', reason: found };
      if (commits) draft.words[wordOf(gfn, sizes)] = map[gfn - base]!;
    }
  if (!patch.anyVcpu && !draft.rootLoaded[0]) return undefined;

  let flush = kvmSppFlushRmap(draft, base, end, events, context);
  for (let vcpu = 0; vcpu < (patch.walksAllRoots ? draft.vcpus : 1); vcpu++) {
    if (!draft.rootLoaded[vcpu]) continue;
    const walked = walkRoot(draft, vcpu, base, map, events, context);
    if (walked === 'EFAULT') {
      if (patch.flushesOnError && flush) flushRemoteTlbs(draft);
      return { errno: 'EFAULT', reason: 'kvm_spp_mark_protection() failed' };
    }
    flush ||= walked === 'flush';
  }
  if (flush) flushRemoteTlbs(draft);
  return undefined;
};

/** The last part of kvm_spp_set_permission(): walks the EPT of one vCPU for entries that the reverse map did not lead to. */
const walkRoot = (
  draft: Draft,
  root: number,
  base: Gfn,
  map: readonly Word[],
  events: Events,
  context: Context,
): 'EFAULT' | 'flush' | 'clean' => {
  const { sizes, patch } = context;
  const end = base + map.length - 1;
  let flush: 'flush' | 'clean' = 'clean';
  for (let gfn = base, i = 0; gfn <= end; gfn++, i++) {
    const word = () => map[patch.wordByGfn ? gfn - base : i]!;
    const side = sideOf(gfn, sizes);
    const level = draft.large[root]![side]!;
    if (level === 'none') {
      if (!isTouchable(gfn, sizes) || draft.pages[root]![side]!.kind === 'none') continue;
      if (kvmSppMarkProtection(draft, gfn, word(), context)) return 'EFAULT';
      continue;
    }
    if (word() === full) continue;
    const count = kvmSppLevelPages(gfn, end, level, sizes);
    kvmSppZapPte(draft, root, side, context);
    flush = 'flush';
    if (count >= (patch.setComparesRest ? end - gfn + 1 : map.length)) return flush;
    gfn += count - 1;
    // The walk goes on through the entry, which is zero now: the next table is physical page 0.
    if (!patch.breaksAfterZap) events.push(pageZeroInEpt);
  }
  return flush;
};
