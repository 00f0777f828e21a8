import { match } from 'ts-pattern';
import { defineModel, disabled, type Outcome, refuse } from '../../src/spec/index.ts';
import { classify, names } from './classes.ts';
import { draw } from './draw.ts';
import { hostDonateHyp62, hostShareHyp62, hostUnshareHyp62, hypDonateHost62, hypPinSharedMem62 } from './era62.ts';
import { guestFault } from './faults.ts';
import {
  forceReclaimPageGuest,
  guestShareHost,
  guestUnshareHost,
  hostDirtyLogGuest,
  hostDonateBlockGuest,
  hostDonateGuest,
  hostShareGuest,
  hostUnshareGuest,
  mkyoungGuest,
  reclaimBlockGuest,
  reclaimPageGuest,
  relaxPermsGuest,
  testClearYoungGuest,
  wrprotectGuest,
} from './guests.ts';
import { finalizeTeardownVm, initVcpu, initVm, refillMemcache, startTeardownVm } from './lifecycle.ts';
import {
  hostDonateHyp,
  hostFault,
  hostShareFfa,
  hostShareHyp,
  hostUnshareFfa,
  hostUnshareHyp,
  hypDonateHost,
  hypGetPage,
  hypPinSharedMem,
  hypPutPage,
  hypUnpinSharedMem,
  setOwnerLocked,
  unmapDevAll,
} from './memory.ts';
import {
  beyondGfn,
  type Command,
  type Context,
  commandDomain,
  config,
  hugeGfn,
  hugePfn,
  initialState,
  isProtected,
  mmioPfn,
  nomapPfn,
  type State,
  stateDomain,
  switches,
  wrappingNr,
} from './state.ts';

/** Dispatches to the transition functions. */
const transition = (state: State, command: Command, context: Context): Outcome<State> =>
  match(command)
    .with({ kind: 'host_share_hyp' }, ({ pfn }) => hostShareHyp(state, pfn, context))
    .with({ kind: 'host_unshare_hyp' }, ({ pfn }) => hostUnshareHyp(state, pfn, context))
    .with({ kind: 'host_donate_hyp' }, ({ pfn, nr }) => hostDonateHyp(state, pfn, nr, context))
    .with({ kind: 'hyp_donate_host' }, ({ pfn, nr }) => hypDonateHost(state, pfn, nr, context))
    .with({ kind: 'hyp_pin_shared_mem' }, ({ from, to }) => hypPinSharedMem(state, from, to, context))
    .with({ kind: 'hyp_unpin_shared_mem' }, ({ from, to }) => hypUnpinSharedMem(state, from, to, context))
    .with({ kind: 'host_share_ffa' }, ({ pfn, nr }) => hostShareFfa(state, pfn, nr, context))
    .with({ kind: 'host_unshare_ffa' }, ({ pfn, nr }) => hostUnshareFfa(state, pfn, nr, context))
    .with({ kind: 'host_share_guest' }, ({ pfn, gfn, nr, vm, prot }) =>
      hostShareGuest(state, pfn, gfn, nr, vm, prot, context),
    )
    .with({ kind: 'host_unshare_guest' }, ({ gfn, nr, vm }) => hostUnshareGuest(state, gfn, nr, vm, context))
    .with({ kind: 'host_donate_guest' }, ({ pfn, gfn, vm }) => hostDonateGuest(state, pfn, gfn, vm, context))
    .with({ kind: 'guest_share_host' }, ({ vm, gfn }) => guestShareHost(state, vm, gfn, context))
    .with({ kind: 'guest_unshare_host' }, ({ vm, gfn }) => guestUnshareHost(state, vm, gfn, context))
    .with({ kind: 'force_reclaim_page_guest' }, ({ phys }) => forceReclaimPageGuest(state, phys, context))
    .with({ kind: 'reclaim_page_guest' }, ({ gfn, vm }) => reclaimPageGuest(state, gfn, vm, context))
    .with({ kind: 'relax_perms_guest' }, ({ gfn, vm, prot }) => relaxPermsGuest(state, gfn, vm, prot, context))
    .with({ kind: 'wrprotect_guest' }, ({ gfn, nr, vm }) => wrprotectGuest(state, gfn, nr, vm, context))
    .with({ kind: 'test_clear_young_guest' }, ({ gfn, nr, mkold, vm }) =>
      testClearYoungGuest(state, gfn, nr, mkold, vm, context),
    )
    .with({ kind: 'mkyoung_guest' }, ({ gfn, vm }) => mkyoungGuest(state, gfn, vm, context))
    .with({ kind: 'host_fault' }, ({ pfn }) => hostFault(state, pfn, context))
    .with({ kind: 'unmap_dev_all' }, () => unmapDevAll(state))
    .with({ kind: 'host_stage2_set_owner_locked' }, ({ pfn, nr }) => setOwnerLocked(state, pfn, nr, context))
    .with({ kind: 'pkvm_refill_memcache' }, (call) => refillMemcache(state, call, context))
    .with({ kind: 'hyp_get_page' }, ({ pfn }) => hypGetPage(state, pfn))
    .with({ kind: 'hyp_put_page' }, ({ pfn }) => hypPutPage(state, pfn))
    .with({ kind: 'start_teardown_vm' }, ({ vm }) => startTeardownVm(state, vm, context))
    .with({ kind: 'finalize_teardown_vm' }, ({ vm }) => finalizeTeardownVm(state, vm, context))
    .with({ kind: 'init_vm' }, (call) => initVm(state, call, context))
    .with({ kind: 'init_vcpu' }, (call) => initVcpu(state, call, context))
    .with({ kind: 'guest_fault' }, (call) => guestFault(state, call, context))
    .with({ kind: 'host_dirty_log_guest' }, ({ gfn, vm }) => hostDirtyLogGuest(state, gfn, vm, context))
    .with({ kind: 'host_donate_block_guest' }, ({ pfn, gfn, vm }) => hostDonateBlockGuest(state, pfn, gfn, vm, context))
    .with({ kind: 'reclaim_block_guest' }, ({ gfn, vm }) => reclaimBlockGuest(state, gfn, vm, context))
    .exhaustive();

/** The transitions of 6.2, which knows neither guests nor FF-A. */
const transition62 = (state: State, command: Command, context: Context): Outcome<State> =>
  match(command)
    .with({ kind: 'host_share_hyp' }, ({ pfn }) => hostShareHyp62(state, pfn, context))
    .with({ kind: 'host_unshare_hyp' }, ({ pfn }) => hostUnshareHyp62(state, pfn, context))
    .with({ kind: 'host_donate_hyp' }, ({ pfn, nr }) => hostDonateHyp62(state, pfn, nr, context))
    .with({ kind: 'hyp_donate_host' }, ({ pfn, nr }) => hypDonateHost62(state, pfn, nr, context))
    .with({ kind: 'hyp_pin_shared_mem' }, ({ from, to }) => hypPinSharedMem62(state, from, to, context))
    .with({ kind: 'hyp_unpin_shared_mem' }, { kind: 'host_fault' }, { kind: 'unmap_dev_all' }, (same) =>
      transition(state, same, context),
    )
    .with({ kind: 'hyp_get_page' }, { kind: 'hyp_put_page' }, (same) => transition(state, same, context))
    .otherwise(() => disabled(state, 'not in 6.2'));

/** Calls that need a loaded vCPU, which a VM that is dying has not. */
const withVcpu = [
  'host_share_guest',
  'host_donate_guest',
  'host_donate_block_guest',
  'host_dirty_log_guest',
  'guest_share_host',
  'guest_unshare_host',
  'relax_perms_guest',
  'mkyoung_guest',
];

/** With which kind of VM a handler lets the host call a function; it returns -EINVAL for the other one. Kernel: hyp-main.c. */
const handlers: Readonly<Record<string, 'protected' | 'not protected' | undefined>> = {
  host_share_guest: 'not protected',
  host_unshare_guest: 'not protected',
  host_donate_guest: 'protected',
  host_donate_block_guest: 'protected',
  host_dirty_log_guest: 'not protected',
  relax_perms_guest: 'not protected',
  wrprotect_guest: 'not protected',
  test_clear_young_guest: 'not protected',
  mkyoung_guest: 'not protected',
};

const newIn71 = [
  'host_donate_guest',
  'guest_share_host',
  'guest_unshare_host',
  'force_reclaim_page_guest',
  'reclaim_page_guest',
];

/** Calls that are not there: in an older kernel, outside of Android, or where a step is not told as a whole. */
const missing = (command: Command, { sizes, patch }: Context): string | undefined => {
  const { kind } = command;
  if (patch.era === '6.16' && newIn71.includes(kind)) return 'not before 7.1';
  if (kind === 'host_dirty_log_guest' && patch.dirtyLog === 'none') return 'not in mainline';
  if (kind.includes('block_guest') && !patch.donatesBlocks) return 'not in mainline';
  if (kind !== 'guest_fault') return undefined;
  if (patch.era !== '7.2' || patch.entry === 'functions') return 'told with the hypercalls of 7.1 and later';
  return sizes.metadata === 1 ? 'told hypercall by hypercall' : undefined;
};

/**
 * Decides whether the transition function is reached: there may be no such call in this version, or its hypercall handler may refuse it.
 */
const gate = (state: State, command: Command, context: Context): Outcome<State> | undefined => {
  const { sizes, patch } = context;
  const absent = missing(command, context);
  if (absent !== undefined) return disabled(state, absent);
  if (!('vm' in command)) return undefined;
  const { kind, vm } = command;
  const reclaims = kind === 'reclaim_page_guest' || kind === 'reclaim_block_guest';
  if (!(kind in handlers || kind.startsWith('guest_') || reclaims)) return undefined;
  const { phase, vcpu } = state.vms[vm]!;
  const loaded = phase === 'alive' && vcpu === 'made';
  if (patch.entry === 'functions') {
    if (phase === 'gone') return disabled(state, 'no such VM');
    return !loaded && withVcpu.includes(kind) ? disabled(state, 'no vCPU of this VM is loaded') : undefined;
  }
  if (kind.startsWith('guest_')) {
    if (!loaded) return disabled(state, 'the guest does not run');
    return kind === 'guest_fault' || isProtected(vm, sizes)
      ? undefined
      : disabled(state, 'no such call for a guest that is not protected');
  }
  if (reclaims) return phase === 'dying' ? undefined : refuse(state, 'EINVAL', 'not a dying VM');
  // The other handlers take the VM's handle, which stays valid while it is dying: that is how the host unshares its pages.
  if (phase === 'gone' || (!loaded && withVcpu.includes(kind)))
    return refuse(state, 'EINVAL', 'no such VM, or none of its vCPUs loaded');
  if (isProtected(vm, sizes) === (handlers[kind] === 'protected')) return undefined;
  return refuse(state, 'EINVAL', isProtected(vm, sizes) ? 'a protected VM' : 'not a protected VM');
};

const fixed = {
  checksPfnRange: true,
  checksMemcache: true,
  checksUnshareHyp: true,
  checksAddress: true,
  checksOwnerRange: true,
  checksHypCount: true,
  unpinsAtError: true,
  admitsByDonation: true,
  zeroesBlocks: true,
  walksReturnEagain: true,
  faultsInject: true,
  ffaTrusted: true,
  agesWithinVm: true,
  hostReclaimsFirst: true,
} as const;

/** The host is not trusted: nothing is assumed of what it does. */
const hostile = { ...fixed, entry: 'hypercalls', agesWithinVm: false, hostReclaimsFirst: false } as const;

export const pkvmOwnership = defineModel({
  id: 'pkvm-ownership',
  title: 'page ownership in pKVM',
  sources: [
    'arch/arm64/kvm/hyp/nvhe/mem_protect.c, 7.1 to 7.2-rc; the same file of 6.16 and 6.2',
    'arch/arm64/kvm/hyp/nvhe/hyp-main.c, 7.1: the hypercall handlers',
  ],
  config,
  switches,
  environment: [
    'era',
    'entry',
    'dirtyLog',
    'donatesBlocks',
    'debug',
    'ffaTrusted',
    'agesWithinVm',
    'hostReclaimsFirst',
  ],
  variants: {
    '7.2': { doc: '7.1 and 7.2: the transition functions, for either kind of VM', switches: fixed },
    '7.2-hypercalls': {
      doc: '7.1 and 7.2: what the host and the guests can reach, if the secure side can be trusted',
      switches: hostile,
    },
    'android-hypercalls': {
      doc: "7.3, with two calls of Android's kernels: blocks for protected guests, and dirty logging, mended; the host ages and tears down as it should",
      switches: {
        ...fixed,
        entry: 'hypercalls',
        topsUpAtPermission: true,
        donatesBlocks: true,
        dirtyLog: 'relaxes',
      },
    },
    '6.16': {
      doc: 'np-guests and FF-A, 6.14 to 7.0; B7 and B9 not yet fixed, a host fault on a foreign page is a BUG, EL2 may give back what it uses',
      switches: {
        ...hostile,
        era: '6.16',
        checksHypCount: false,
        checksPfnRange: false,
        checksMemcache: false,
        walksReturnEagain: false,
        faultsInject: false,
      },
    },
    '6.2': {
      doc: 'states in PTEs; B1 and B2 not yet fixed, a host fault on a foreign page is a BUG',
      switches: {
        ...fixed,
        era: '6.2',
        checksAddress: false,
        checksUnshareHyp: false,
        checksHypCount: false,
        faultsInject: false,
      },
    },
  },
  defaultVariant: '7.2',
  legend: (sizes) =>
    `pfn 0-${sizes.pages - 1} memory, ${mmioPfn(sizes)} MMIO, ${nomapPfn(sizes)} NOMAP memory, ${hugePfn(sizes)} stands for 2^52, ` +
    `whose address wraps to 0; gfn 0-${sizes.gfns - 1}, ${beyondGfn(sizes)} beyond the VM's address space, ${hugeGfn(sizes)} stands for ` +
    `2^52; nr ${wrappingNr} stands for 2^52 - pfn; block: ${sizes.block} pages; vm: ` +
    Array.from(
      { length: sizes.vms },
      (_, vm) => `${vm} ${isProtected(vm, sizes) ? 'protected' : 'not protected'}`,
    ).join(', '),
  kernel: {
    host_share_hyp: '__pkvm_host_share_hyp()',
    host_unshare_hyp: '__pkvm_host_unshare_hyp()',
    host_donate_hyp: '__pkvm_host_donate_hyp()',
    hyp_donate_host: '__pkvm_hyp_donate_host()',
    hyp_pin_shared_mem: 'hyp_pin_shared_mem()',
    hyp_unpin_shared_mem: 'hyp_unpin_shared_mem()',
    host_share_ffa: '__pkvm_host_share_ffa()',
    host_unshare_ffa: '__pkvm_host_unshare_ffa()',
    host_share_guest: '__pkvm_host_share_guest()',
    host_unshare_guest: '__pkvm_host_unshare_guest()',
    host_donate_guest: '__pkvm_host_donate_guest()',
    guest_share_host: '__pkvm_guest_share_host()',
    guest_unshare_host: '__pkvm_guest_unshare_host()',
    force_reclaim_page_guest: '__pkvm_host_force_reclaim_page_guest()',
    reclaim_page_guest: '__pkvm_host_reclaim_page_guest()',
    relax_perms_guest: '__pkvm_host_relax_perms_guest()',
    wrprotect_guest: '__pkvm_host_wrprotect_guest()',
    test_clear_young_guest: '__pkvm_host_test_clear_young_guest()',
    mkyoung_guest: '__pkvm_host_mkyoung_guest()',
    host_fault: 'handle_host_mem_abort(), host_stage2_idmap()',
    unmap_dev_all: 'host_stage2_unmap_dev_all()',
    host_stage2_set_owner_locked: 'host_stage2_set_owner_locked()',
    pkvm_refill_memcache: 'pkvm_refill_memcache()',
    hyp_get_page: 'hyp_page_ref_inc()',
    hyp_put_page: 'hyp_put_page()',
    start_teardown_vm: '__pkvm_start_teardown_vm()',
    finalize_teardown_vm: '__pkvm_finalize_teardown_vm()',
    init_vm: '__pkvm_init_vm()',
    init_vcpu: '__pkvm_init_vcpu()',
    guest_fault: 'user_mem_abort(), pkvm_mem_abort()',
    host_dirty_log_guest: '__pkvm_host_dirty_log_guest() of Android',
    host_donate_block_guest: '__pkvm_host_donate_guest() of Android 16',
    reclaim_block_guest: '__pkvm_host_reclaim_page_guest() of Android 16',
  },
  draw,
  classify,
  pages: (sizes) => Array.from({ length: sizes.pages }, (_, pfn) => pfn),
  names,
  system: (sizes, patch) => {
    const context = { sizes, patch };
    const run = patch.era === '6.2' ? transition62 : transition;
    return {
      state: stateDomain(sizes),
      command: commandDomain(sizes),
      initial: initialState(sizes),
      step: (state: State, command: Command) => gate(state, command, context) ?? run(state, command, context),
    };
  },
});
