/* SPDX-License-Identifier: MIT */
/*
 * Emulated: what the host does about a fault of a guest, outside of EL2: user_mem_abort() and pkvm_mem_abort() of mmu.c, and the host's
 * pkvm.c. Several hypercalls, one after the other. The host's record of what it has mapped is what the guest's stage-2 has.
 */
#pragma once

struct leaf {
	kvm_pte_t pte;
	s8 level;
};

static struct leaf guest_leaf(int vm, long gfn)
{
	struct leaf leaf = { 0, KVM_PGTABLE_LAST_LEVEL };

	if (phases[vm] != GONE && kvm_pgtable_get_leaf(&vms[vm].pgt, (u64)gfn << PAGE_SHIFT, &leaf.pte, &leaf.level))
		subject_fatal("kvm_pgtable_get_leaf() failed");
	return leaf;
}

static long leaf_pages(struct leaf leaf)
{
	return (long)(kvm_granule_size(leaf.level) >> PAGE_SHIFT);
}

static bool leaf_is_writable(struct leaf leaf)
{
#if CONFIG_ATTRIBUTES
	return kvm_pgtable_stage2_pte_prot(leaf.pte) & KVM_PGTABLE_PROT_W;
#else
	(void)leaf;
	return true;
#endif
}

/* A guest writes to what it alone owns. The page holds a secret as long as nothing has written over it. */
enum { SECRET = 0xaa, DISCLOSED = 0x11 };

static void guest_fills(int vm, long gfn, int byte)
{
	struct leaf leaf = guest_leaf(vm, gfn);

	if (kvm_pte_valid(leaf.pte))
		memset(hyp_phys_to_virt(kvm_pte_to_phys(leaf.pte)), byte, PAGE_SIZE);
}

#ifdef HAS_DONATION_TO_GUESTS
static int donate_guest(long pfn, long gfn, int vm)
{
	int ret = __pkvm_host_donate_guest((u64)pfn, (u64)gfn, &vcpus[vm]);

	if (!ret)
		guest_fills(vm, gfn & (CONFIG_GFNS - 1), SECRET);
	return ret;
}

/* The memslot maps gfn 0 to pfn 0, and begins anew where memory ends. */
static long backing(long gfn)
{
	return gfn % CONFIG_PAGES;
}

static bool fits(long first)
{
	return first + CONFIG_BLOCK <= CONFIG_GFNS && backing(first) + CONFIG_BLOCK <= CONFIG_PAGES;
}

/* Whether the host can give a page: it has it, alone or shared with other guests that are not protected. */
static bool givable(long pfn, int vm)
{
	u32 count = vmemmap[pfn].host_share_guest_count;

	if (get_host_state(&vmemmap[pfn]) == PKVM_PAGE_OWNED)
		return true;
	return !is_protected(vm) && get_host_state(&vmemmap[pfn]) == PKVM_PAGE_SHARED_OWNED && count > 0 && count < U32_MAX;
}

static bool huge_page_behind(long first, int vm)
{
	if (!fits(first))
		return false;
	for (long i = 0; i < CONFIG_BLOCK; i++)
		if (!givable(backing(first) + i, vm))
			return false;
	return true;
}

static void top_up(int vm)
{
	while (memcache_of(vm)->nr_pages < CONFIG_LEVELS - 1)
		refill_by_one(vm);
}

static int pkvm_mem_abort(int vm, long gfn)
{
	struct leaf leaf = guest_leaf(vm, gfn);

	if (leaf.pte && !kvm_pte_valid(leaf.pte))
		return -EFAULT;
	top_up(vm);
	return donate_guest(backing(gfn), gfn, vm);
}

static int user_mem_abort(int vm, long gfn, bool huge, bool logged, bool write, bool *unshared)
{
	struct leaf leaf = guest_leaf(vm, gfn);
	bool mapped = kvm_pte_valid(leaf.pte);
	long granule = mapped ? leaf_pages(leaf) : 0;
	long first = gfn - gfn % CONFIG_BLOCK, pages = CONFIG_BLOCK;
	enum kvm_pgtable_prot prot = KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_X;

	if (write || !logged)
		prot |= KVM_PGTABLE_PROT_W;
	/* The memcache is filled at every fault since 7.3. */
	if (SINCE(703) || !mapped || logged)
		top_up(vm);
	if (!(huge || (granule > 1 && !logged)) || !fits(first)) {
		first = gfn;
		pages = 1;
	}
	if (pages == granule)
		return __pkvm_host_relax_perms_guest((u64)gfn, &vcpus[vm], prot);
	for (long at = first; at < first + pages; at++) {
		struct leaf old = guest_leaf(vm, at);
		long size = leaf_pages(old);
		int ret;

		if (!kvm_pte_valid(old.pte))
			continue;
		*unshared = true;
		ret = __pkvm_host_unshare_guest((u64)(at - at % size), (u64)size, &vms[vm]);
		if (ret)
			return ret;
	}
	return __pkvm_host_share_guest((u64)backing(first), (u64)first, (u64)pages, &vcpus[vm], prot);
}
#endif
