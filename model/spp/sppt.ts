import { match } from 'ts-pattern';
import { gfnToSubpageWpInfo } from './bitmap.ts';
import {
  border,
  type Context,
  type Draft,
  type Events,
  expand,
  flushRemoteTlbs,
  full,
  type Gfn,
  gfnToMemslot,
  isNamed,
  isTouchable,
  type Level,
  pagesPer,
  type Sizes,
  sideOf,
  type Word,
} from './state.ts';

/** How many gfns of [lower, upper] lie in the large page that contains lower. Kernel: kvm_spp_level_pages(). */
export const kvmSppLevelPages = (lower: Gfn, upper: Gfn, level: Level, sizes: Sizes): number => {
  const pages = pagesPer(level, sizes);
  const end = lower - (lower % pages) + pages - 1;
  return Math.min(upper, end) - lower + 1;
};

/** The region's L2 entry in `l2`, or undefined: no gfn of the region was ever protected, and the entry is zero. */
const l2Of = (gfn: Gfn, sizes: Sizes): 0 | 1 | undefined => {
  const region = Math.floor(gfn / sizes.regionPages) - border(sizes) / sizes.regionPages;
  return region === -1 ? 0 : region === 0 ? 1 : undefined;
};

export const pageZeroAsSppt = 'physical page 0 walked as the SPPT';

/** Takes the valid bits off the regions of a range, so that each is filled in again when it is missed. Kernel: vmx_spp_flush_sppt(). */
export const vmxSppFlushSppt = (
  draft: Draft,
  base: Gfn,
  npages: number,
  events: Events,
  context: Context,
): 'EFAULT' | undefined =>
  match(draft.spptRoot)
    .returnType<'EFAULT' | undefined>()
    .with('invalid', () => 'EFAULT')
    .with('zero', () => {
      events.push(pageZeroAsSppt);
      return undefined;
    })
    .with('page', () => {
      invalidateRegions(draft, base, npages, context);
      return undefined;
    })
    .exhaustive();

/** The loop of vmx_spp_flush_sppt(), region by region. */
const invalidateRegions = (draft: Draft, base: Gfn, npages: number, { sizes, patch }: Context): void => {
  const end = base + npages - 1;
  for (let gfn = base; gfn <= end; gfn++) {
    const l2 = l2Of(gfn, sizes);
    if (l2 === undefined || draft.l2[l2] === 'zero') continue;
    draft.l2[l2] = 'invalid';
    flushRemoteTlbs(draft);
    const count = kvmSppLevelPages(gfn, end, '2M', sizes);
    if (count >= (patch.flushComparesRest ? end - gfn + 1 : npages)) break;
    gfn += patch.flushAdvancesByCount ? count - 1 : count;
  }
};

/** Writes one leaf, making and validating the entry above it. Kernel: kvm_spp_setup_structure(). */
const kvmSppSetupStructure = (draft: Draft, word: Word, gfn: Gfn, events: Events, sizes: Sizes): void =>
  match(draft.spptRoot)
    .with('invalid', () => undefined)
    .with('zero', () => void events.push(pageZeroAsSppt))
    .with('page', () => {
      draft.l2[sideOf(gfn, sizes)] = 'valid';
      if (isTouchable(gfn, sizes)) draft.leaves[sideOf(gfn, sizes)] = expand(word);
      flushRemoteTlbs(draft);
    })
    .exhaustive();

/** Exit 66, SPPT miss: fills in the 2 MiB region of the faulting gfn. Kernel: handle_spp(). */
export const handleSpp = (draft: Draft, faulting: Gfn, events: Events, { sizes, patch }: Context): void => {
  const slot = gfnToMemslot(draft, faulting, sizes);
  if (slot === undefined) return;
  const base = faulting - (faulting % sizes.regionPages);
  for (let gfn = base; gfn < base + sizes.regionPages; gfn++) {
    if (!isNamed(gfn, sizes)) continue; // its word is FULL, its leaf never looked at
    const word = gfnToSubpageWpInfo(draft, slot, gfn, sizes);
    if (word === undefined || (word === full && !patch.missFillsFull)) continue;
    kvmSppSetupStructure(draft, word, gfn, events, sizes);
  }
};
