import { match } from 'ts-pattern';
import { getPermission, gfnToSubpageWpInfo } from './bitmap.ts';
import { kvmSppMarkProtection, logWrite } from './mark-protection.ts';
import { gfnToRmap, pteListAdd, rmapRemove, rmapSptes, setRmap } from './rmap.ts';
import {
  type Context,
  type Draft,
  flushRemoteTlbs,
  full,
  type Gfn,
  gfnToMemslot,
  type Level,
  machineOf,
  pagesPer,
  type Sizes,
  type State,
  sideOf,
  spaceOf,
} from './state.ts';

/** How a fault ends: the access is tried again, or the vCPU leaves for userspace or the emulator. */
export type Handled = 'retry' | 'exit SPP' | 'exit MMIO' | 'emulate';

/** vCPU entry: the EPT root is loaded if it is not valid, and SPPTP with it. Kernel: kvm_mmu_reload(), vmx_load_mmu_pgd(). */
export const kvmMmuReload = (draft: Draft, vcpu: number): void => {
  if (draft.rootLoaded[vcpu]) return;
  draft.rootLoaded[vcpu] = true;
  if (draft.active && draft.spptRoot === 'page') draft.spptp[vcpu] = true;
};

/** Whether a gfn of the large page around `gfn` is protected. Kernel: is_spp_protected(). */
const isSppProtected = (state: State, slot: 0 | 1, gfn: Gfn, level: Level, sizes: Sizes): boolean => {
  const pages = pagesPer(level, sizes);
  const first = gfn - (gfn % pages);
  for (let at = first; at < first + pages; at++) {
    const access = gfnToSubpageWpInfo(state, slot, at, sizes);
    if (access !== undefined && access !== full) return true;
  }
  return false;
};

/** The level that a fault may map at. Kernel: check_spp_protection(), which asks address space 0. */
const checkSppProtection = (state: State, gfn: Gfn, level: Level, sizes: Sizes): Level => {
  if (level === '4K' || !state.active) return level;
  const slot = gfnToMemslot(state, gfn, sizes);
  if (slot === undefined) return level;
  if (isSppProtected(state, slot, gfn, '2M', sizes)) return '4K';
  return level === '1G' && isSppProtected(state, slot, gfn, '1G', sizes) ? '2M' : level;
};

/** Drops a page's sptes from every root. Kernel: the MMU notifier, kvm_unmap_rmapp(). */
export const unmapPage = (draft: Draft, space: 0 | 1, page: number): void => {
  for (const root of rmapSptes(gfnToRmap(draft, space, page))) draft.pages[root]![page] = { kind: 'none' };
  setRmap(draft, space, page, { kind: 'empty' });
  flushRemoteTlbs(draft);
};

/** An EPT violation that the fast path has not handled. Kernel: tdp_page_fault() with __direct_map(). */
export const tdpPageFault = (draft: Draft, vcpu: number, gfn: Gfn, write: boolean, context: Context): Handled => {
  const { sizes } = context;
  const space = spaceOf(draft, vcpu);
  if (gfnToMemslot(draft, gfn, sizes, space) === undefined) return 'exit MMIO';
  if (write && draft.vm === 'rom') return 'exit MMIO';
  const page = sideOf(gfn, sizes);
  if (write && draft.tracked) return 'emulate';
  if (write && draft.hostZero) {
    draft.hostZero = false;
    unmapPage(draft, space, page);
  }

  const level = checkSppProtection(draft, gfn, machineOf(draft).backing, sizes);
  const side = sideOf(gfn, sizes);
  if (level !== '4K') {
    mapLarge(draft, vcpu, side, level, sizes);
    return 'retry';
  }
  const writable = draft.vm !== 'rom' && !draft.hostZero && !draft.tracked;
  if (draft.pages[vcpu]![page]!.kind === 'none')
    setRmap(draft, space, page, pteListAdd(gfnToRmap(draft, space, page), vcpu, sizes.roots));
  draft.pages[vcpu]![page] = { kind: 'leaf', w: writable, spp: 'clear', writable };
  if (writable) logWrite(draft);
  const access = getPermission(draft, gfn, sizes);
  if (access !== undefined && access !== full) kvmSppMarkProtection(draft, gfn, access, context);
  return 'retry';
};

/** Maps one side of the border by a large page. What was mapped below goes. */
const mapLarge = (draft: Draft, root: number, side: 0 | 1, level: '2M' | '1G', sizes: Sizes): void => {
  if (draft.pages[root]![side]!.kind !== 'none') {
    draft.pages[root]![side] = { kind: 'none' };
    draft.rmaps[side] = rmapRemove(draft.rmaps[side]!, root, sizes.roots);
  }
  draft.large[root]![side] = level;
  if (level === '2M') draft.rmap2M = pteListAdd(draft.rmap2M, root, sizes.roots);
};

/**
 * A write to a present leaf with W = 0 that may get it: the access is to sub-pages that are not permitted, or W was taken away
 * for dirty logging. Returns undefined where it is not for the fast path. Kernel: fast_page_fault(), as patched by SPP06.
 */
export const fastPageFault = (draft: Draft, vcpu: number, gfn: Gfn, { sizes, patch }: Context): Handled | undefined => {
  const spte = draft.pages[vcpu]![sideOf(gfn, sizes)]!;
  if (spte.kind === 'none' || !spte.writable) return undefined;
  return match(spte.spp)
    .returnType<Handled>()
    .with('set', () => 'exit SPP')
    .with('saved', () => {
      spte.spp = 'set';
      logWrite(draft);
      return patch.fastFault === 'exits' ? 'exit SPP' : 'retry';
    })
    .with('clear', () => {
      spte.w = true;
      logWrite(draft);
      return 'retry';
    })
    .exhaustive();
};

/** KVM_GET_DIRTY_LOG for the page at the border: reports its bit, clears it, and takes the right to write without a fault. */
export const getDirtyLog = (draft: Draft, page: number, { patch }: Context): void => {
  draft.dirty = false;
  for (const root of rmapSptes(draft.rmaps[page]!)) {
    const spte = draft.pages[root]![page]!;
    if (spte.kind === 'none') continue;
    // Write protection looks at W alone, spte_write_protect(); clearing dirty state parks SPP, wrprot_ad_disabled_spte().
    if (spte.spp === 'set' && (draft.vm === 'pml' || patch.marksOnlyWritable)) spte.spp = 'saved';
    spte.w = false;
  }
  flushRemoteTlbs(draft);
};

/** Write tracking of the page at the border begins or ends. Kernel: kvm_slot_page_track_add_page(), and its counterpart. */
export const pageTrack = (draft: Draft, page: number, add: boolean, { patch }: Context): void => {
  draft.tracked = add;
  if (!add) return;
  for (const root of rmapSptes(draft.rmaps[page]!)) {
    const spte = draft.pages[root]![page]!;
    if (spte.kind === 'none') continue;
    spte.writable = false;
    spte.w = false;
    if (patch.marksOnlyWritable) spte.spp = 'clear';
  }
  flushRemoteTlbs(draft);
};
