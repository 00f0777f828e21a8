import { disabled, type Outcome, ok, panic, refuse, update } from '../../src/spec/index.ts';
import { type Failure, firstOf, hostCheck, hypCheck } from './checks.ts';
import { annotate, type Draft, donateToHost, donateToHyp, idmap } from './stage2.ts';
import { type Call, type Context, mostMemcache, type Pfn, type State, usesOf } from './state.ts';

// The life of a VM, as far as pages depend on it. Kernel: pkvm.c, hyp-main.c, mm.c. Without `metadata`, EL2's structures for a VM lie in
// memory that the model does not have, and every VM has its vCPU from the beginning.

/** The host puts a page into the vCPU's memcache; every call with a vCPU begins so. Kernel: pkvm_refill_memcache(), admit_host_page(). */
export const refillMemcache = (state: State, call: Call<'pkvm_refill_memcache'>, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  const { phase, vcpu, memcache } = state.vms[call.vm]!;
  if (phase !== 'alive' || vcpu === 'none') return disabled(state, 'no vCPU of this VM is loaded');
  if (memcache === mostMemcache(sizes)) return disabled(state, 'full');
  const page = 'pfn' in call ? call.pfn : undefined;
  if (page !== undefined) {
    if (!patch.admitsByDonation && state.uses[page] !== 'none') return disabled(state, 'the host puts no page twice');
    if (patch.admitsByDonation && donationFails(state, page, context))
      return refuse(state, 'ENOMEM', 'a page that the host cannot give');
  }
  return ok(
    update(state, (draft) => {
      draft.vms[call.vm]!.memcache += 1;
      if (page === undefined) return;
      if (patch.admitsByDonation) donateToHyp(draft, page, sizes);
      draft.uses[page] = `memcache${call.vm}`;
    }),
  );
};

/** Why __pkvm_host_donate_hyp() would refuse a page; undefined if it would not. */
const donationFails = (state: State, page: Pfn, context: Context): Failure =>
  firstOf(
    () => hostCheck(state, page, 1, 'OWNED', context),
    () => hypCheck(state, page, 1, 'NOPAGE', context),
  );

/** Why hyp_pin_shared_mem() would refuse a page; undefined if it would not. */
const pinFails = (state: State, page: Pfn, context: Context): Failure =>
  firstOf(
    () => hostCheck(state, page, 1, 'SHARED_OWNED', context),
    () => hypCheck(state, page, 1, 'SHARED_BORROWED', context),
  );

const pin = (draft: Draft<State>, page: Pfn): void => {
  draft.refcount[page]! += 1;
  draft.el2[page] = true;
};

const unpin = (draft: Draft<State>, page: Pfn | 'none'): void => {
  if (page === 'none') return;
  draft.refcount[page]! -= 1;
  if (draft.refcount[page] === 0) draft.el2[page] = false;
};

/**
 * The state after pages were donated and given back: only the host's stage-2 has changed, which
 * now maps them. Kernel: unmap_donated_memory().
 */
const returned = (state: State, pages: readonly Pfn[], { sizes }: Context): State =>
  update(state, (draft) => {
    for (const page of pages) {
      annotate(draft, page, { kind: 'hyp' }, sizes);
      idmap(draft, page, 1, sizes);
    }
  });

/** A new VM, with a handle that was used before. Kernel: __pkvm_init_vm(). */
export const initVm = (state: State, call: Call<'init_vm'>, context: Context): Outcome<State> => {
  if ('host_kvm' in call) return createVm(state, call, context);
  if (state.vms[call.vm]!.phase !== 'gone') return disabled(state, 'the handle is in use');
  return ok(
    update(state, (draft) => {
      draft.vms[call.vm]!.phase = 'alive';
      draft.vms[call.vm]!.memcache = context.sizes.memcache;
    }),
  );
};

type Create = Extract<Call<'init_vm'>, { host_kvm: Pfn }>;

/** The page of the host's struct kvm is pinned, then one page is donated for the VM and one for its tables. */
const createVm = (state: State, { vm, host_kvm, vm_hva, pgd_hva }: Create, context: Context): Outcome<State> => {
  const failure = pinFails(state, host_kvm, context);
  if (failure) return refuse(state, ...failure);
  if (state.refcount[host_kvm] === context.sizes.pins) return disabled(state, 'more pins than the model counts');
  if (donationFails(state, vm_hva, context)) return refuse(state, 'ENOMEM', 'no page for the VM');
  if (pgd_hva === vm_hva || donationFails(state, pgd_hva, context))
    return refuse(returned(state, [vm_hva], context), 'ENOMEM', 'no page for its tables');
  if (state.vms[vm]!.phase !== 'gone')
    return refuse(returned(state, [vm_hva, pgd_hva], context), 'EINVAL', 'the handle is in use');
  return ok(
    update(state, (draft) => {
      pin(draft, host_kvm);
      for (const page of [vm_hva, pgd_hva]) donateToHyp(draft, page, context.sizes);
      draft.uses[vm_hva] = `vm${vm}`;
      draft.uses[pgd_hva] = `pgd${vm}`;
      draft.refcount[pgd_hva] = 1;
      Object.assign(draft.vms[vm]!, { phase: 'alive', vcpu: 'none', host_kvm });
    }),
  );
};

/** A page is donated for the vCPU, then the page of the host's struct kvm_vcpu is pinned. Kernel: __pkvm_init_vcpu(). */
export const initVcpu = (state: State, call: Call<'init_vcpu'>, context: Context): Outcome<State> => {
  const { vm, host_vcpu, vcpu_hva } = call;
  if (donationFails(state, vcpu_hva, context)) return refuse(state, 'ENOMEM', 'no page for the vCPU');
  const { phase, vcpu } = state.vms[vm]!;
  const undone = returned(state, [vcpu_hva], context);
  if (phase === 'gone') return refuse(undone, 'ENOENT', 'no such VM');
  if (pinFails(state, host_vcpu, context)) return refuse(undone, 'EBUSY', "the host's vCPU is not shared");
  if (state.refcount[host_vcpu] === context.sizes.pins) return disabled(state, 'more pins than the model counts');
  if (vcpu === 'made')
    return refuse(context.patch.unpinsAtError ? undone : pinned(undone, host_vcpu), 'EINVAL', 'the VM has such a vCPU');
  return ok(
    update(state, (draft) => {
      donateToHyp(draft, vcpu_hva, context.sizes);
      draft.uses[vcpu_hva] = `vcpu${vm}`;
      pin(draft, host_vcpu);
      Object.assign(draft.vms[vm]!, { vcpu: 'made', host_vcpu });
    }),
  );
};

const pinned = (state: State, page: Pfn): State => update(state, (draft) => pin(draft, page));

/** EL2 works on the VM. Kernel: get_pkvm_unref_hyp_vm_locked(). */
const referenced = ({ uses, refcount }: State, vm: number): boolean =>
  uses.some((use, page) => use === `vm${vm}` && refcount[page]! > 0);

/** From here on no vCPU is loaded, so the memcache is of no use any more. Kernel: __pkvm_start_teardown_vm(). */
export const startTeardownVm = (state: State, vm: number, { sizes }: Context): Outcome<State> => {
  if (state.vms[vm]!.phase !== 'alive') return disabled(state, 'not alive');
  if (sizes.metadata === 1 && referenced(state, vm)) return refuse(state, 'EINVAL', 'in use at EL2');
  return ok(
    update(state, (draft) => {
      draft.vms[vm]!.phase = 'dying';
      if (sizes.metadata === 0) draft.vms[vm]!.memcache = 0;
    }),
  );
};

/** Frees the tables with what is in them, and all else that EL2 keeps of the VM. Kernel: __pkvm_finalize_teardown_vm(). */
export const finalizeTeardownVm = (state: State, vm: number, context: Context): Outcome<State> => {
  const { sizes, patch } = context;
  const { phase, guest } = state.vms[vm]!;
  if (phase !== 'dying') return disabled(state, 'not dying');
  if (sizes.metadata === 1 && referenced(state, vm)) return refuse(state, 'EINVAL', 'in use at EL2');
  if (patch.hostReclaimsFirst && guest.some((pte) => pte.kind === 'leaf'))
    return disabled(state, 'the host takes its pages back first');
  const pages = sizes.metadata === 1 ? usedFor(state, vm) : [];
  if (pages.some((page) => state.hyp[page] !== 'OWNED')) return panic(state, 'WARN: __pkvm_hyp_donate_host() failed');
  return ok(
    update(state, (draft) => {
      const target = draft.vms[vm]!;
      target.phase = 'gone';
      target.memcache = 0;
      target.pool = 0;
      for (const at of target.guest.keys()) target.guest[at] = { kind: 'invalid' };
      if (sizes.metadata === 0) return;
      for (const page of pages) {
        donateToHost(draft, page, context);
        draft.uses[page] = 'none';
        draft.refcount[page] = 0;
      }
      for (const holder of ['host_kvm', 'host_vcpu'] as const) {
        unpin(draft, target[holder]);
        target[holder] = 'none';
      }
      target.vcpu = 'none';
    }),
  );
};

/** The pages that EL2 uses for a VM. */
export const usedFor = ({ uses }: State, vm: number): Pfn[] => {
  const its = usesOf(vm);
  return [...uses.keys()].filter((page) => its.includes(uses[page]!));
};
