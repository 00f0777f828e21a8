/* SPDX-License-Identifier: MIT */
/*
 * Emulated: what nvhe/pkvm.c does to VMs and vCPUs, and the handlers of nvhe/hyp-main.c, which look at the kind of VM. Each VM has one
 * vCPU, and that is loaded as long as the VM is alive.
 */
#pragma once

enum phase { ALIVE, DYING, GONE };

hyp_spinlock_t vm_table_lock;
static struct pkvm_hyp_vm vms[CONFIG_VMS];
static struct pkvm_hyp_vcpu vcpus[CONFIG_VMS];
static enum phase phases[CONFIG_VMS];

struct pkvm_hyp_vm *get_vm_by_handle(pkvm_handle_t handle)
{
	int vm = handle - 1;

	return vm >= 0 && vm < CONFIG_VMS && phases[vm] != GONE ? &vms[vm] : NULL;
}

static bool is_protected(int vm)
{
	return vm < CONFIG_PROTECTED_VMS;
}

static struct kvm_hyp_memcache *memcache_of(int vm)
{
	return &vcpus[vm].vcpu.arch.pkvm_memcache;
}

static void refill_by_one(int vm)
{
	push_hyp_memcache(memcache_of(vm), page_at(take_pages(1)), hyp_virt_to_phys);
}

static void drain_memcache(int vm)
{
	void *page;

	while ((page = pop_hyp_memcache(memcache_of(vm), hyp_phys_to_virt)))
		unused[nunused++] = (short)hyp_virt_to_pfn(page);
}

/* __pkvm_init_vm(), __pkvm_init_vcpu() */
static void make_vm(int vm)
{
	struct kvm *kvm = &vms[vm].kvm;
	struct kvm_s2_mmu *mmu = &kvm->arch.mmu;
	int bits = PAGE_SHIFT;

	memset(&vms[vm], 0, sizeof(vms[vm]));
	memset(&vcpus[vm], 0, sizeof(vcpus[vm]));
	while ((1UL << bits >> PAGE_SHIFT) < CONFIG_GFNS)
		bits++;
	phases[vm] = ALIVE;
	pools[vm].of = &vms[vm].pool;
	kvm->arch.pkvm.handle = (pkvm_handle_t)(vm + 1);
	kvm->arch.pkvm.is_protected = is_protected(vm);
	mmu->vtcr = VTCR_EL2_LVLS_TO_SL0(CONFIG_LEVELS) | (u64)(64 - bits);
	mmu->pgt = &vms[vm].pgt;
	mmu->arch = &kvm->arch;
	vcpus[vm].vcpu.kvm = kvm;
	vcpus[vm].vcpu.arch.hw_mmu = mmu;
	if (kvm_guest_prepare_stage2(&vms[vm], page_at(FIRST_OWN)))
		subject_fatal("kvm_guest_prepare_stage2() failed");
	for (int i = 0; i < CONFIG_MEMCACHE; i++)
		refill_by_one(vm);
}

/* __pkvm_start_teardown_vm(): no vCPU is loaded any more. */
static void start_teardown(int vm)
{
	vms[vm].kvm.arch.pkvm.is_dying = true;
	phases[vm] = DYING;
	drain_memcache(vm);
}

/* __pkvm_finalize_teardown_vm(): the tables go, whatever is mapped. */
static void finalize_teardown(int vm)
{
	guest_lock_component(&vms[vm]);
	kvm_pgtable_stage2_destroy(&vms[vm].pgt);
	guest_unlock_component(&vms[vm]);
	while (pools[vm].npages > 0)
		unused[nunused++] = pools[vm].pages[--pools[vm].npages];
	phases[vm] = GONE;
}

/* --- What stands before a function: for which kind of VM it is, and whether a vCPU has to be loaded --- */

enum {
	FOR_PROTECTED = 1,
	FOR_NOT_PROTECTED = 2,
	WITH_VCPU = 4,
	BY_GUEST = 8,		/* a hypercall of the guest's */
	BY_EITHER_GUEST = 16,	/* what a guest of either kind can do */
	RECLAIMS = 32,
};

/* 0 if the call goes on. */
static int gate(int vm, int what)
{
	enum phase phase = phases[vm];

#ifdef SWITCH_ENTRY_FUNCTIONS
	if (phase == GONE)
		return subject_disabled("no such VM");
	if (phase != ALIVE && (what & WITH_VCPU))
		return subject_disabled("no vCPU of this VM is loaded");
	return 0;
#else
	if (what & (BY_GUEST | BY_EITHER_GUEST)) {
		if (phase != ALIVE)
			return subject_disabled("the guest does not run");
		if ((what & BY_GUEST) && !is_protected(vm))
			return subject_disabled("no such call for a guest that is not protected");
		return 0;
	}
	if (what & RECLAIMS)
		return phase == DYING ? 0 : -EINVAL;
	if (phase == GONE || (phase != ALIVE && (what & WITH_VCPU)))
		return -EINVAL;
	return is_protected(vm) == !!(what & FOR_PROTECTED) ? 0 : -EINVAL;
#endif
}
