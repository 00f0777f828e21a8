import { match } from 'ts-pattern';
import { disabled, type Outcome, ok, panic, refuse, update, warn } from '../../src/spec/index.ts';
import { kvmSppCreateBitmaps, kvmSppFreeMemslot, lookUp } from './bitmap.ts';
import { unmapPage } from './faults.ts';
import { guestWrite } from './guest.ts';
import { kvmSppSetPermission, type SetResult } from './set-permission.ts';
import { vmxSppFlushSppt } from './sppt.ts';
import {
  border,
  type Command,
  type Context,
  type Draft,
  type Events,
  type Gfn,
  isNamed,
  type MachineName,
  machineOf,
  machines,
  type State,
  type Word,
  wordOf,
  wordsOf,
} from './state.ts';

/** An outcome with what happened on the way as warnings. */
const withEvents = (outcome: Outcome<State>, events: Events): Outcome<State> =>
  [...new Set(events)].reduce(warn, outcome);

/** KVM_CREATE_VM, its memslots and its vCPUs, in one of the forms that `machines` lists. */
export const createVm = (state: State, vm: MachineName, { sizes }: Context): Outcome<State> => {
  if (state.vm !== 'none') return disabled(state, 'there is a VM');
  const { vcpus } = machines[vm];
  return ok(
    update(state, (draft) => {
      draft.vm = vm;
      draft.vcpus = vcpus === 'all' ? sizes.roots : vcpus;
      draft.slots[0] = 'bare';
      if (vm === 'smm') draft.slots[1] = 'bare';
      if (vcpus !== 0) draft.spptRoot = 'invalid'; // kvm_init_mmu() of the first vCPU
      if (vm === 'zero') draft.hostZero = true;
    }),
  );
};

/** KVM_CREATE_VCPU, after other things have been done. */
export const createVcpu = (state: State): Outcome<State> => {
  if (state.vm !== 'bare' || state.vcpus === 1) return disabled(state, 'every other VM has its vCPUs');
  return ok(
    update(state, (draft) => {
      draft.vcpus = 1;
      if (!draft.active) draft.spptRoot = 'invalid'; // kvm_init_mmu()
    }),
  );
};

/** KVM_ENABLE_CAP(KVM_CAP_X86_SPP). Kernel: vmx_spp_init(). */
export const enableCap = (
  state: State,
  alloc: (Command & { readonly kind: 'enable_cap' })['alloc'],
  { patch }: Context,
): Outcome<State> => {
  if (state.vm === 'none') return disabled(state, 'no VM');
  if (state.vm === 'nested') return refuse(state, 'EPERM', 'the vendor module supports nested');
  if (state.active) return alloc === 'succeeds' ? ok(state) : disabled(state, 'nothing is allocated');
  const vcpus = state.vcpus;
  if (vcpus === 0 && patch.initNeedsVcpu) return refuse(state, 'EINVAL', 'no vCPU');
  if (vcpus === 0 && alloc === 'top-up fails') return disabled(state, 'nothing is topped up');

  const events: Events = [];
  const after = update(state, (draft) => {
    if (!kvmSppCreateBitmaps(draft, alloc === 'array fails', events)) return;
    if (alloc === 'top-up fails') {
      kvmSppCreateBitmaps(draft, true, events);
      return;
    }
    if (vcpus > 0) draft.spptRoot = 'page';
    for (let vcpu = 0; vcpu < vcpus; vcpu++) draft.spptp[vcpu] = true; // KVM_REQ_LOAD_CR3
    draft.active = true;
  });
  return match(alloc)
    .with('succeeds', () => withEvents(ok(after), events))
    .with('array fails', () => refuse(after, 'ENOMEM', 'no memory for an array'))
    .with('top-up fails', () =>
      patch.initChecksTopUp
        ? refuse(after, 'ENOMEM', 'mmu_topup_memory_caches() failed')
        : panic(after, 'BUG: kvm_spp_get_page() took a page from an empty cache'),
    )
    .exhaustive();
};

/** KVM_ENABLE_CAP by two threads at once: both find SPP inactive before either sets spp_active. */
export const enableCapTwice = (state: State, context: Context): Outcome<State> => {
  if (context.patch.initLocked) return disabled(state, 'vmx_spp_init() holds a lock');
  if (state.vm === 'none' || state.active || state.vcpus === 0) return disabled(state, 'nothing to race for');
  const events: Events = [];
  const first = enableCap(state, 'succeeds', context);
  if (first.result !== 'ok') return first;
  return withEvents(ok(update(first.state, (draft) => void kvmSppCreateBitmaps(draft, false, events))), events);
};

/** SET returns how many gfns it was given words for. */
const setOutcome = (state: State, result: SetResult, npages: number, events: Events): Outcome<State> =>
  withEvents(result ? refuse(state, result.errno, result.reason) : ok(state, npages), events);

/** Why no such SET can be made: it is not in the run of this VM, or names a gfn that the model has no word for. */
const notGiven = (
  state: State,
  gfn: Gfn,
  map: readonly Word[],
  { sizes, sets: which }: Context,
): string | undefined => {
  const last = gfn + map.length - 1;
  if (which === 'all') return isNamed(last, sizes) ? undefined : `no word is kept for gfn ${last}`;
  const { sets, words } = machineOf(state);
  const isListed =
    sets[gfn - border(sizes)]?.includes(map.length) === true && map.every((word) => words.includes(word));
  return isListed ? undefined : 'not in the run of this VM';
};

/** KVM_SUBPAGES_SET_ACCESS. Kernel: kvm_vm_ioctl_set_subpages(). */
export const setAccess = (state: State, gfn: Gfn, given: string, context: Context): Outcome<State> => {
  if (state.vm === 'none') return disabled(state, 'no VM');
  const map = wordsOf(given);
  const why = notGiven(state, gfn, map, context);
  if (why !== undefined) return disabled(state, why);
  if (!state.active) return refuse(state, 'ENODEV', 'SPP is not active');
  if (state.vcpus === 0) return panic(state, 'NULL vCPU dereferenced in vmx_spp_flush_sppt()');
  const events: Events = [];
  let result: SetResult;
  const after = update(state, (draft) => {
    result = flushAndSet(draft, gfn, map, events, context);
  });
  return setOutcome(after, result, map.length, events);
};

const flushAndSet = (draft: Draft, gfn: Gfn, map: readonly Word[], events: Events, context: Context): SetResult => {
  if (vmxSppFlushSppt(draft, gfn, map.length, events, context))
    return { errno: 'EFAULT', reason: 'no SPPT root to flush' };
  return kvmSppSetPermission(draft, gfn, map, events, context);
};

/**
 * KVM_SUBPAGES_SET_ACCESS of one gfn, and vCPU 0 writes to the gfn while the ioctl holds no lock: after vmx_spp_flush_sppt(), before
 * kvm_spp_set_permission().
 */
export const setAccessRaced = (state: State, gfn: Gfn, word: Word, sub: number, context: Context): Outcome<State> => {
  if (context.patch.oneSection) return disabled(state, 'mmu_lock is held');
  if (state.vm !== 'plain' || !state.active) return disabled(state, 'not in the run of this VM');
  const why = notGiven(state, gfn, [word], context);
  if (why !== undefined) return disabled(state, why);
  const events: Events = [];
  const flushed = update(state, (draft) => void vmxSppFlushSppt(draft, gfn, 1, events, context));
  const raced = guestWrite(flushed, 0, gfn, sub, context);
  let result: SetResult;
  const after = update(raced.state, (draft) => {
    result = kvmSppSetPermission(draft, gfn, [word], events, context);
  });
  return setOutcome(after, result, 1, events);
};

/** KVM_SUBPAGES_SET_ACCESS with an argument that its first checks see. */
export const setAccessMalformed = (
  state: State,
  what: (Command & { readonly kind: 'set_access_malformed' })['what'],
): Outcome<State> => {
  if (state.vm === 'none') return disabled(state, 'no VM');
  if (!state.active) return refuse(state, 'ENODEV', 'SPP is not active');
  return match(what)
    .with('copy', () => refuse(state, 'EFAULT', 'copy from user fails'))
    .with('flags', () => refuse(state, 'EINVAL', 'flags are not 0'))
    .with('npages', () => refuse(state, 'EINVAL', 'more than 512 pages'))
    .with('nothing', () => ok(state))
    .exhaustive();
};

/** KVM_SUBPAGES_GET_ACCESS of one gfn, which is what it returns: 1. Kernel: kvm_spp_get_permission(). */
export const getAccess = (state: State, gfn: Gfn, { sizes }: Context): Outcome<State> => {
  if (state.vm === 'none') return disabled(state, 'no VM');
  if (!state.active) return refuse(state, 'ENODEV', 'SPP is not active');
  const found = lookUp(state, gfn, sizes);
  return found === 'found' ? ok(state, 1) : refuse(state, 'EFAULT', found);
};

/** KVM_SET_USER_MEMORY_REGION for the memslot beyond the border. */
export const createMemslot = (state: State, { patch }: Context): Outcome<State> => {
  if (state.vm !== 'slots') return disabled(state, 'the memslots of this VM stay');
  if (state.slots[1] !== 'absent') return refuse(state, 'EEXIST', 'the memslots would overlap');
  return ok(
    update(state, (draft) => {
      draft.slots[1] = patch.arraysForNewSlots && draft.active ? 'array' : 'bare';
    }),
  );
};

/**
 * KVM_SET_USER_MEMORY_REGION with a size of 0, which deletes the memslot: what it maps is zapped and its array freed. Kernel:
 * kvm_arch_free_memslot() and its callers.
 */
export const deleteMemslot = (state: State, context: Context): Outcome<State> => {
  if (state.vm !== 'slots') return disabled(state, 'the memslots of this VM stay');
  if (state.slots[1] === 'absent') return refuse(state, 'EINVAL', 'no such memslot');
  return ok(
    update(state, (draft) => {
      unmapPage(draft, 0, 1);
      kvmSppFreeMemslot(draft, 1, [wordOf(border(context.sizes), context.sizes)], context);
      draft.slots[1] = 'absent';
    }),
  );
};

/** A vCPU's roots are freed, as when its MMU mode changes. Kernel: kvm_mmu_free_roots(), as patched by SPP06. */
export const mmuFreeRoots = (state: State, vcpu: number, { patch }: Context): Outcome<State> => {
  if (state.vm !== 'bare') return disabled(state, 'not in the run of this VM');
  if (vcpu >= state.vcpus || !state.rootLoaded[vcpu]) return disabled(state, 'no root is loaded');
  return ok(
    update(state, (draft) => {
      draft.rootLoaded[vcpu] = false;
      if (patch.rootsKeepSpp || !draft.active) return;
      draft.active = false;
      draft.spptRoot = 'invalid';
    }),
  );
};
