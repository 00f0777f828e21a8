import { match } from 'ts-pattern';
import type { Errno } from '../../src/spec/index.ts';
import {
  addressed,
  type Context,
  type Gfn,
  type GuestPte,
  guestAddressed,
  type HostState,
  type HypState,
  hugePfn,
  isMemory,
  type Leaf,
  mmioPfn,
  nomapPfn,
  type Pfn,
  type Sizes,
  type State,
  wrappingNr,
} from './state.ts';

/** Why a check fails; undefined if it passes. */
export type Failure = readonly [Errno, string] | undefined;

/** The first of the checks that fails. Each is run only if those before it pass. */
export const firstOf = (...checks: readonly (() => Failure)[]): Failure => {
  for (const check of checks) {
    const failure = check();
    if (failure) return failure;
  }
  return undefined;
};

/**
 * The memory that `for_each_hyp_page(page, phys, size)` visits. A size with which the address wraps ends the loop before it
 * begins, so none is visited.
 */
export const pagesOf = (pfn: Pfn, nr: number, sizes: Sizes): Pfn[] =>
  nr === wrappingNr ? [] : Array.from({ length: nr }, (_, i) => addressed(pfn, sizes) + i);

/** Kernel: pfn_range_is_valid(). */
export const pfnRange = (pfn: Pfn, nr: number, { sizes, patch }: Context): Failure =>
  patch.checksPfnRange && (pfn === hugePfn(sizes) || nr === wrappingNr)
    ? ['EINVAL', 'the range leaves the physical address space']
    : undefined;

const regionOf = (page: Pfn, sizes: Sizes) => {
  if (isMemory(page, sizes)) return 'memory';
  if (page === mmioPfn(sizes)) return 'MMIO';
  return page === nomapPfn(sizes) ? 'NOMAP' : 'none';
};

/**
 * Kernel: check_range_allowed_memory(). It looks at the first and the last page of the range.
 * The last page of a range that wraps is memory.
 */
export const allowedMemory = (pfn: Pfn, nr: number, sizes: Sizes): Failure => {
  const first = addressed(pfn, sizes);
  const region = regionOf(first, sizes);
  const last = nr === wrappingNr ? 'memory' : regionOf(first + nr - 1, sizes);
  if (region !== last) return ['EINVAL', 'the range is not in one region'];
  return region === 'memory' ? undefined : ['EPERM', 'not memory that may change hands'];
};

/** Kernel: __host_check_page_state_range(). */
export const hostCheck = (state: State, pfn: Pfn, nr: number, want: HostState, { sizes }: Context): Failure =>
  allowedMemory(pfn, nr, sizes) ??
  (pagesOf(pfn, nr, sizes).some((page) => state.host[page] !== want) ? ['EPERM', hostReason(want)] : undefined);

export const hostReason = (want: HostState): string =>
  match(want)
    .with('OWNED', () => 'not owned by the host alone')
    .with('SHARED_OWNED', () => 'not shared by the host')
    .with('SHARED_BORROWED', () => 'not borrowed by the host')
    .with('NOPAGE', () => 'the host has it')
    .exhaustive();

/** Kernel: __hyp_check_page_state_range(). */
export const hypCheck = (state: State, pfn: Pfn, nr: number, want: HypState, { sizes }: Context): Failure =>
  pagesOf(pfn, nr, sizes).some((page) => state.hyp[page] !== want) ? ['EPERM', hypReason(want)] : undefined;

const hypReason = (want: HypState): string =>
  match(want)
    .with('NOPAGE', () => 'the hypervisor has it')
    .with('OWNED', () => 'not owned by the hypervisor')
    .with('SHARED_BORROWED', () => 'not shared with the hypervisor')
    .exhaustive();

/** Kernel: __hyp_check_page_count_range(). */
export const hypCount = (state: State, pfn: Pfn, nr: number, { sizes }: Context): Failure =>
  pagesOf(pfn, nr, sizes).some((page) => state.refcount[page]! > 0) ? ['EBUSY', 'in use at EL2'] : undefined;

/** A walk of a guest's stage-2. Kernel: kvm_pgtable_walk(). */
const guestWalk = (gfn: Gfn, nr: number, sizes: Sizes): Failure =>
  guestAddressed(gfn, sizes) + nr > sizes.gfns ? ['ERANGE', "beyond the VM's address space"] : undefined;

/** Checks that the guest maps nothing in a range. Kernel: __guest_check_page_state_range(vm, ipa, size, PKVM_NOPAGE). */
export const guestNoPage = (state: State, vm: number, gfn: Gfn, nr: number, { sizes }: Context): Failure => {
  const beyond = guestWalk(gfn, nr, sizes);
  if (beyond) return beyond;
  const first = guestAddressed(gfn, sizes);
  for (let at = first; at < first + nr; at++)
    if (state.vms[vm]!.guest[at]!.kind !== 'invalid') return ['EPERM', 'the guest has something at this gfn'];
  return undefined;
};

/** Kernel: __guest_check_transition_size(). `pfn` is 0 where the kernel passes no physical address. */
export const transitionSize = (pfn: Pfn, gfn: Gfn, nr: number, { sizes }: Context): Failure => {
  if (nr === 1) return undefined;
  if (nr !== sizes.block) return ['EINVAL', 'neither a page nor a block'];
  const aligned = (page: number) => page % sizes.block === 0;
  return aligned(addressed(pfn, sizes)) && aligned(guestAddressed(gfn, sizes))
    ? undefined
    : ['EINVAL', 'a block that is not aligned'];
};

/** Kernel: __guest_check_pgtable_memcache(). */
export const memcacheCheck = (state: State, vm: number, { sizes, patch }: Context): Failure =>
  patch.checksMemcache && state.vms[vm]!.memcache < sizes.levels - 1 ? ['ENOMEM', 'a short memcache'] : undefined;

/** Kernel: kvm_pgtable_get_leaf() on a guest's stage-2. */
export const guestLeaf = (state: State, vm: number, gfn: Gfn, sizes: Sizes): GuestPte | NonNullable<Failure> =>
  guestWalk(gfn, 1, sizes) ?? state.vms[vm]!.guest[guestAddressed(gfn, sizes)]!;

export const isFailure = <T extends object>(found: T | NonNullable<Failure>): found is NonNullable<Failure> =>
  Array.isArray(found);

/** Kernel: get_valid_guest_pte(). All that a guest maps is memory, so the WARN at other addresses is left out. */
export const validGuestPte = (state: State, vm: number, gfn: Gfn, { sizes }: Context): Leaf | NonNullable<Failure> => {
  const pte = guestLeaf(state, vm, gfn, sizes);
  if (isFailure(pte)) return pte;
  return match(pte)
    .returnType<Leaf | NonNullable<Failure>>()
    .with({ kind: 'poison' }, () => ['EHWPOISON', 'poisoned'])
    .with({ kind: 'invalid' }, () => ['ENOENT', 'not mapped by the guest'])
    .with({ kind: 'leaf', level: 2 }, () => ['E2BIG', 'mapped by a block'])
    .with({ kind: 'leaf', level: 3 }, (leaf) => leaf)
    .exhaustive();
};
