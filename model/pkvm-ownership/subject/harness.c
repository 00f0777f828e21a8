/* SPDX-License-Identifier: MIT */
/*
 * The kernel's nvhe/mem_protect.c, over its pgtable.c, as a subject of the model pkvm-ownership: its calls, and the state that they
 * leave. See ../README.md. Emulated are EL2's memory (memory.h), VMs and hypercall handlers (vms.h), and the host (guest-faults.h).
 */
#define SUBJECT_MODEL "pkvm-ownership"
#define SUBJECT_NAME "nvhe/mem_protect.c of Linux " KERNEL_RELEASE
#define SUBJECT_RIVALS                                                                                               \
	"host_share_hyp", "host_unshare_hyp", "host_donate_hyp", "hyp_donate_host", "host_share_ffa", "host_unshare_ffa", \
		"host_share_guest", "host_unshare_guest", "host_donate_guest", "guest_share_host", "guest_unshare_host", \
		"force_reclaim_page_guest", "host_fault"
#include <asm/kvm_pgtable.h>
#include "subject.h"

#if CONFIG_METADATA
#error "the code is built with metadata=0: what EL2 keeps of a VM lies elsewhere"
#endif
#if CONFIG_GFNS & (CONFIG_GFNS - 1)
#error "a VM has a power of two of guest pages: gfns=1, gfns=2 or gfns=4"
#endif
#if CONFIG_PAGES > 4
#error "the code is built for up to pages=4"
#endif
#if defined(SWITCH_ERA_6_2) || (defined(SWITCH_ERA_6_16) && SINCE(701)) || (defined(SWITCH_ERA_7_2) && !SINCE(701))
#error "the variant is of another era than the kernel: 6.16 is for 6.16 to 7.0, the others are for 7.1 and later"
#endif

/* A page goes to the host, or to EL2, by its stage-1, which is emulated. */
struct kvm_pgtable;
static u64 el2_unmap(struct kvm_pgtable *of, u64 addr, u64 size);
#define kvm_pgtable_hyp_unmap el2_unmap
/* Static functions of the file are called as well. Those that are not are no reason for a warning. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include <mem_protect.c>

#include "memory.h"
#include "vms.h"
#include "guest-faults.h"

struct kvm_nvhe_init_params kvm_init_params[2];
bool kvm_protected_mode_initialized;
u64 id_aa64mmfr0_el1_sys_val, id_aa64mmfr1_el1_sys_val;
char __hyp_text_start[1], __hyp_text_end[1];

/* --- What the code under test does, as it does it. At EL2 a WARN is fatal. --- */

void shim_bug(const char *text)
{
	subject_panic(text);
}

bool shim_warn(bool condition, const char *text)
{
	if (condition)
		subject_panic(text);
	return false;
}

int shim_cpu(void)
{
	return subject_this_cpu();
}

void shim_lock(hyp_spinlock_t *lock)
{
	subject_point();
	while (lock->locked)
		subject_wait();
	lock->locked = 1;
}

/* What tables hold is looked at under locks. */
void shim_before_access(void)
{
}

void shim_before_read(const void *entry)
{
	(void)entry;
}

void shim_before_write(const void *entry, u64 new_value)
{
	(void)entry, (void)new_value;
}

void shim_before_exchange(void *entry, u64 new_value)
{
	(void)entry, (void)new_value;
}

void shim_after_release(void *entry)
{
	(void)entry;
}

void shim_reader_begins(void)
{
}

void shim_reader_ends(void)
{
}

bool cpus_have_final_cap(int capability)
{
	return capability != ARM64_KVM_HVHE;
}

bool system_supports_tlb_range(void)
{
	return true;
}

void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *mmu)
{
	(void)mmu;
}

void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *mmu, phys_addr_t start, unsigned long pages)
{
	(void)mmu, (void)start, (void)pages;
}

void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level)
{
	(void)mmu, (void)ipa, (void)level;
}

void __kvm_tlb_flush_vmid_ipa_nsh(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level)
{
	(void)mmu, (void)ipa, (void)level;
}

SUBJECT_SETUP
{
	__hyp_vmemmap = (u64)vmemmap;
	hyp_physvirt_offset = -(s64)(uintptr_t)memory;
	if (kvm_host_prepare_stage2(page_at(FIRST_OWN)))
		subject_fatal("kvm_host_prepare_stage2() failed");
	for (int vm = 0; vm < CONFIG_VMS; vm++)
		make_vm(vm);
}

SUBJECT_CONFIG
{
	json_number("pages", CONFIG_PAGES);
	json_number("vms", CONFIG_VMS);
	json_number("protectedVms", CONFIG_PROTECTED_VMS);
	json_number("gfns", CONFIG_GFNS);
	json_number("block", CONFIG_BLOCK);
	json_number("levels", CONFIG_LEVELS);
	json_number("memcache", CONFIG_MEMCACHE);
	json_number("pins", CONFIG_PINS);
	json_number("shares", CONFIG_SHARES);
	json_number("attributes", CONFIG_ATTRIBUTES);
	json_number("metadata", CONFIG_METADATA);
}

/* --- Arguments --- */

/* 2^52 with pages of 4 KiB: its address loses its only bit. */
#define HUGE_NUMBER (1L << (64 - PAGE_SHIFT))
enum { WRAPPING_NR = 52, HUGE_GFN = CONFIG_GFNS + 1 };

static long pfn(void)
{
	long pfn = arg_int("pfn");

	return pfn == HUGE_PFN ? HUGE_NUMBER : pfn;
}

static long gfn(void)
{
	long gfn = arg_int("gfn");

	return gfn == HUGE_GFN ? HUGE_NUMBER : gfn;
}

static u64 nr(void)
{
	long nr = arg_int("nr");

	return (u64)(nr == WRAPPING_NR ? HUGE_NUMBER - arg_int(arg_given("pfn") ? "pfn" : "gfn") : nr);
}

static int vm(void)
{
	return (int)arg_int("vm");
}

static enum kvm_pgtable_prot prot(void)
{
	if (arg_is("prot", "DEVICE"))
		return KVM_PGTABLE_PROT_RW | KVM_PGTABLE_PROT_DEVICE;
	return KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_X | (arg_is("prot", "RWX") ? KVM_PGTABLE_PROT_W : 0);
}

/* Whether one of the pages that a call names is such; of a range that wraps, there are none. */
static bool some_page(bool (*is_such)(long pfn))
{
	long first = pfn() % HUGE_NUMBER, last = first + arg_int("nr");

	if (arg_is("nr", "52"))
		return false;
	for (long at = first; at < last; at++)
		if (is_such(at))
			return true;
	return false;
}

/* --- The host, the hypervisor and the secure side --- */

SUBJECT_CALL(host_share_hyp)
{
	return __pkvm_host_share_hyp((u64)pfn());
}

SUBJECT_CALL(host_unshare_hyp)
{
	return __pkvm_host_unshare_hyp((u64)pfn());
}

SUBJECT_CALL(host_donate_hyp)
{
	return __pkvm_host_donate_hyp((u64)pfn(), nr());
}

SUBJECT_CALL(hyp_donate_host)
{
#ifndef HAS_PFN_RANGE_CHECK
	if (arg_is("nr", "52"))
		return subject_disabled("EL2 knows what it gives back");
#endif
	return __pkvm_hyp_donate_host((u64)pfn(), nr());
}

SUBJECT_CALL(hyp_pin_shared_mem)
{
	long from = arg_int("from"), to = arg_int("to");
	int ret;

	if (from >= to)
		return subject_disabled("an empty range");
	ret = hyp_pin_shared_mem(page_at(from), page_at(to));
	for (long at = from; !ret && at < to; at++)
		if (vmemmap[at].refcount > CONFIG_PINS)
			return subject_disabled("more pins than the model counts");
	return ret;
}

SUBJECT_CALL(hyp_unpin_shared_mem)
{
	long from = arg_int("from"), to = arg_int("to");

	if (from >= to)
		return subject_disabled("an empty range");
	for (long at = from; at < to; at++)
		if (get_hyp_state(&vmemmap[at]) != PKVM_PAGE_SHARED_BORROWED || vmemmap[at].refcount == 0 || !el2_maps[at])
			return subject_disabled("EL2 unpins only what it has pinned");
	hyp_unpin_shared_mem(page_at(from), page_at(to));
	return 0;
}

/* Ghost: what the secure side has. */
static bool ffa_has[CONFIG_PAGES];

static bool gets_ffa(long pfn)
{
	ffa_has[pfn] = true;
	return false;
}

static bool loses_ffa(long pfn)
{
	ffa_has[pfn] = false;
	return false;
}

__attribute__((unused)) static bool is_not_ffa(long pfn)
{
	return !ffa_has[pfn];
}

SUBJECT_CALL(host_share_ffa)
{
	int ret = __pkvm_host_share_ffa((u64)pfn(), nr());

	if (!ret)
		some_page(gets_ffa);
	return ret;
}

SUBJECT_CALL(host_unshare_ffa)
{
	int ret = __pkvm_host_unshare_ffa((u64)pfn(), nr());

	if (ret)
		return ret;
#ifdef SWITCH_FFA_TRUSTED
	if (some_page(is_not_ffa))
		return subject_disabled("the secure side passes only what was shared with it");
#endif
	some_page(loses_ffa);
	return 0;
}

/* A host access: what the entry of the exception makes of the result is here. */
SUBJECT_CALL(host_fault)
{
	int ret = host_stage2_idmap((u64)pfn() << PAGE_SHIFT);

#ifdef HAS_BUG_ON_HOST_FAULT
	if (ret && ret != -EAGAIN)
		subject_panic("BUG_ON(ret && ret != -EAGAIN) in handle_host_mem_abort()");
#endif
	return ret == -EEXIST || ret == -EAGAIN ? 0 : ret;
}

SUBJECT_CALL(unmap_dev_all)
{
	int ret;

	host_lock_component();
	ret = host_stage2_unmap_dev_all();
	host_unlock_component();
	return ret;
}

SUBJECT_CALL(host_stage2_set_owner_locked)
{
	long page = pfn();
	bool has = get_host_state(&vmemmap[page]) == PKVM_PAGE_OWNED && get_hyp_state(&vmemmap[page]) == PKVM_NOPAGE;
	int ret;

	host_lock_component();
	ret = host_stage2_set_owner_locked((phys_addr_t)page << PAGE_SHIFT, nr() << PAGE_SHIFT, PKVM_ID_HYP);
	host_unlock_component();
	if (!ret && !has)
		return subject_disabled("EL2 takes what the host has for itself");
	return ret;
}

SUBJECT_CALL(hyp_get_page)
{
	struct hyp_page *page = &vmemmap[pfn()];

	if (get_hyp_state(page) != PKVM_PAGE_OWNED || page->refcount > 0)
		return subject_disabled("not a free page of EL2");
	hyp_page_ref_inc(page);
	return 0;
}

SUBJECT_CALL(hyp_put_page)
{
	struct hyp_page *page = &vmemmap[pfn()];

	if (get_hyp_state(page) != PKVM_PAGE_OWNED || page->refcount == 0)
		return subject_disabled("not a page that EL2 uses");
	hyp_page_ref_dec(page);
	return 0;
}

/* --- Guests --- */

#ifdef HAS_RANGES_OF_GUESTS
#define ONLY_ONE_PAGE do { } while (0)
#define share_guest(pfn, gfn, nr, vcpu, prot) __pkvm_host_share_guest(pfn, gfn, nr, vcpu, prot)
#define unshare_guest(gfn, nr, vm) __pkvm_host_unshare_guest(gfn, nr, vm)
#define wrprotect_guest_pages(gfn, nr, vm) __pkvm_host_wrprotect_guest(gfn, nr, vm)
#define test_clear_young_guest_pages(gfn, nr, mkold, vm) __pkvm_host_test_clear_young_guest(gfn, nr, mkold, vm)
#else
/* Before 6.16 these calls were for one page. */
#define ONLY_ONE_PAGE                                                  \
	do {                                                           \
		if (!arg_is("nr", "1"))                                \
			return subject_disabled("one page at a time"); \
	} while (0)
#define share_guest(pfn, gfn, nr, vcpu, prot) __pkvm_host_share_guest(pfn, gfn, vcpu, prot)
#define unshare_guest(gfn, nr, vm) __pkvm_host_unshare_guest(gfn, vm)
#define wrprotect_guest_pages(gfn, nr, vm) __pkvm_host_wrprotect_guest(gfn, vm)
#define test_clear_young_guest_pages(gfn, nr, mkold, vm) __pkvm_host_test_clear_young_guest(gfn, mkold, vm)
#endif

SUBJECT_CALL(host_share_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED | WITH_VCPU);

	ONLY_ONE_PAGE;
	return ret ? ret : share_guest((u64)pfn(), (u64)gfn(), nr(), &vcpus[vm()], prot());
}

SUBJECT_CALL(host_unshare_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED);

	ONLY_ONE_PAGE;
	return ret ? ret : unshare_guest((u64)gfn(), nr(), &vms[vm()]);
}

SUBJECT_CALL(relax_perms_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED | WITH_VCPU);

	return ret ? ret : __pkvm_host_relax_perms_guest((u64)gfn(), &vcpus[vm()], prot());
}

SUBJECT_CALL(wrprotect_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED);

	ONLY_ONE_PAGE;
	return ret ? ret : wrprotect_guest_pages((u64)gfn(), nr(), &vms[vm()]);
}

/* Whether the host asks for the age of a page that the VM does not have. */
__attribute__((unused)) static bool ages_beyond(void)
{
	long first = gfn() % HUGE_NUMBER;

	if (is_protected(vm()) || !(arg_is("nr", "1") || (nr() == CONFIG_BLOCK && first % CONFIG_BLOCK == 0)))
		return false;
	return first + (long)nr() > CONFIG_GFNS;
}

/* It also returns whether the page was young: the state says so. */
SUBJECT_CALL(test_clear_young_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED);

	ONLY_ONE_PAGE;
	if (ret)
		return ret;
#ifdef SWITCH_AGES_WITHIN_VM
	if (ages_beyond())
		return subject_disabled("the host asks for no age beyond the VM's address space");
#endif
	ret = test_clear_young_guest_pages((u64)gfn(), nr(), arg_bool("mkold"), &vms[vm()]);
	return ret > 0 ? 0 : ret;
}

SUBJECT_CALL(mkyoung_guest)
{
	int ret = gate(vm(), FOR_NOT_PROTECTED | WITH_VCPU);

	return ret ? ret : __pkvm_host_mkyoung_guest((u64)gfn(), &vcpus[vm()]);
}

#ifdef HAS_DONATION_TO_GUESTS
SUBJECT_CALL(host_donate_guest)
{
	int ret = gate(vm(), FOR_PROTECTED | WITH_VCPU);

	return ret ? ret : donate_guest(pfn(), gfn(), vm());
}

/* What a guest shares, it has disclosed before. */
SUBJECT_CALL(guest_share_host)
{
	int ret = gate(vm(), BY_GUEST | WITH_VCPU);

	if (ret)
		return ret;
	ret = __pkvm_guest_share_host(&vcpus[vm()], (u64)gfn());
	if (!ret)
		guest_fills(vm(), gfn() % HUGE_NUMBER, DISCLOSED);
	return ret;
}

SUBJECT_CALL(guest_unshare_host)
{
	int ret = gate(vm(), BY_GUEST | WITH_VCPU);

	if (ret)
		return ret;
	ret = __pkvm_guest_unshare_host(&vcpus[vm()], (u64)gfn());
	if (!ret)
		guest_fills(vm(), gfn() % HUGE_NUMBER, SECRET);
	return ret;
}

SUBJECT_CALL(force_reclaim_page_guest)
{
	return __pkvm_host_force_reclaim_page_guest((phys_addr_t)arg_int("phys") << PAGE_SHIFT);
}

SUBJECT_CALL(reclaim_page_guest)
{
	int ret = gate(vm(), RECLAIMS);

	return ret ? ret : __pkvm_host_reclaim_page_guest((u64)gfn(), &vms[vm()]);
}

#ifndef SWITCH_ENTRY_FUNCTIONS
SUBJECT_CALL(guest_fault)
{
	struct kvm_hyp_memcache *mc = memcache_of(vm());
	struct kvm_hyp_memcache before = *mc;
	bool huge = arg_is("memslot", "huge"), write = arg_is("access", "write"), unshared = false;
	struct leaf leaf;
	int ret = gate(vm(), BY_EITHER_GUEST | WITH_VCPU);

	if (ret)
		return ret;
	leaf = guest_leaf(vm(), gfn());
	if (kvm_pte_valid(leaf.pte) && (!write || leaf_is_writable(leaf)))
		return subject_disabled("the guest need not fault");
	if (huge && !huge_page_behind(gfn() - gfn() % CONFIG_BLOCK, vm()))
		return subject_disabled("no huge page lies behind it");
	if (is_protected(vm()))
		ret = pkvm_mem_abort(vm(), gfn());
	else
		ret = user_mem_abort(vm(), gfn(), huge, arg_is("memslot", "logged"), write, &unshared);
	/* That the memcache is full after a fault in vain is not told. */
	if (ret && !unshared)
		*mc = before;
	return ret;
}
#endif
#endif

/* --- The life of a VM --- */

SUBJECT_CALL(pkvm_refill_memcache)
{
	enum { MOST = CONFIG_LEVELS - 1 > CONFIG_MEMCACHE ? CONFIG_LEVELS - 1 : CONFIG_MEMCACHE };

	if (phases[vm()] != ALIVE)
		return subject_disabled("no vCPU of this VM is loaded");
	if (memcache_of(vm())->nr_pages == MOST)
		return subject_disabled("full");
	refill_by_one(vm());
	return 0;
}

SUBJECT_CALL(start_teardown_vm)
{
	if (phases[vm()] != ALIVE)
		return subject_disabled("not alive");
	start_teardown(vm());
	return 0;
}

SUBJECT_CALL(finalize_teardown_vm)
{
	if (phases[vm()] != DYING)
		return subject_disabled("not dying");
#ifdef SWITCH_HOST_RECLAIMS_FIRST
	for (long gfn = 0; gfn < CONFIG_GFNS; gfn++)
		if (kvm_pte_valid(guest_leaf(vm(), gfn).pte))
			return subject_disabled("the host takes its pages back first");
#endif
	finalize_teardown(vm());
	return 0;
}

SUBJECT_CALL(init_vm)
{
	if (phases[vm()] != GONE)
		return subject_disabled("the handle is in use");
	make_vm(vm());
	return 0;
}

/* --- The state --- */

static const char *state_name(enum pkvm_page_state state)
{
	static const char *const names[] = { "OWNED", "SHARED_OWNED", "SHARED_BORROWED", "NOPAGE" };

	return names[state & 3];
}

#ifdef HAS_DONATION_TO_GUESTS
#define OWNER_OF(pte) FIELD_GET(KVM_HOST_DONATION_PTE_OWNER_MASK, pte)
#else
#define OWNER_OF(pte) FIELD_GET(GENMASK(9, 2), pte)
#endif

static kvm_pte_t host_leaf(long pfn, s8 *level)
{
	kvm_pte_t pte;

	if (kvm_pgtable_get_leaf(&host_mmu.pgt, (u64)pfn << PAGE_SHIFT, &pte, level))
		subject_fatal("kvm_pgtable_get_leaf() failed");
	return pte;
}

static void print_host_entry(long pfn)
{
	s8 level;
	kvm_pte_t pte = host_leaf(pfn, &level);

	json_object(NULL);
	if (kvm_pte_valid(pte)) {
		json_string("kind", "leaf");
		json_number("level", level);
	} else if (!pte) {
		json_string("kind", "zero");
	} else if (OWNER_OF(pte) == PKVM_ID_HYP) {
		json_string("kind", "hyp");
	} else {
#ifdef HAS_DONATION_TO_GUESTS
		u64 meta = FIELD_GET(KVM_HOST_DONATION_PTE_EXTRA_MASK, pte);

		json_string("kind", "guest");
		json_number("vm", (long)FIELD_GET(KVM_HOST_PTE_OWNER_GUEST_HANDLE_MASK, meta) - 1);
		json_number("gfn", (long)FIELD_GET(KVM_HOST_PTE_OWNER_GUEST_GFN_MASK, meta));
#else
		json_string("kind", "unknown");
#endif
	}
	json_end();
}

/* Entries of a block are told page by page. */
static void print_guest_entry(int vm, long gfn)
{
	struct leaf leaf = guest_leaf(vm, gfn);
	enum kvm_pgtable_prot prot = kvm_pgtable_stage2_pte_prot(leaf.pte);

	json_object(NULL);
	if (!kvm_pte_valid(leaf.pte)) {
		json_string("kind", leaf.pte ? "poison" : "invalid");
	} else {
		json_string("kind", "leaf");
		json_number("pfn", (long)(kvm_pte_to_phys(leaf.pte) >> PAGE_SHIFT) + gfn % leaf_pages(leaf));
		json_string("state", state_name(pkvm_getstate(prot)));
		json_number("level", leaf.level);
		json_bool("writable", leaf_is_writable(leaf));
		json_bool("young", !CONFIG_ATTRIBUTES || (leaf.pte & BIT(10)));
	}
	json_end();
}

static void print_vm(int vm)
{
	static const char *const phase_names[] = { "alive", "dying", "gone" };

	json_object(NULL);
	json_string("phase", phase_names[phases[vm]]);
	json_string("vcpu", "made");
	json_string("host_kvm", "none");
	json_string("host_vcpu", "none");
	json_number("memcache", phases[vm] == ALIVE ? (long)memcache_of(vm)->nr_pages : 0);
	json_number("pool", phases[vm] == GONE ? 0 : pools[vm].npages);
	json_array("guest");
	for (long gfn = 0; gfn < CONFIG_GFNS; gfn++)
		print_guest_entry(vm, gfn);
	json_end();
	json_end();
}

#define EACH_PAGE(name, print)                             \
	json_array(name);                                  \
	for (long page = 0; page < CONFIG_PAGES; page++)   \
		print;                                     \
	json_end()

SUBJECT_STATE
{
	s8 level;
	kvm_pte_t mmio = host_leaf(MMIO_PFN, &level);

	EACH_PAGE("host", json_string(NULL, state_name(get_host_state(&vmemmap[page]))));
	EACH_PAGE("hyp", json_string(NULL, state_name(get_hyp_state(&vmemmap[page]))));
	EACH_PAGE("refcount", json_number(NULL, vmemmap[page].refcount));
	EACH_PAGE("host_share_guest_count", json_number(NULL, vmemmap[page].host_share_guest_count));
	EACH_PAGE("pte", print_host_entry(page));
	EACH_PAGE("el2", json_bool(NULL, el2_maps[page]));
	EACH_PAGE("uses", json_string(NULL, "none"));
	EACH_PAGE("ffa", json_bool(NULL, ffa_has[page]));
	EACH_PAGE("secret", json_bool(NULL, *(unsigned char *)page_at(page) == SECRET));
	json_object("mmio");
	/* That the host maps some of it is not kept. */
	json_string("pte", mmio && !kvm_pte_valid(mmio) ? "hyp" : "zero");
	json_bool("el2", el2_maps[MMIO_PFN]);
	json_end();
	json_array("vms");
	for (int vm = 0; vm < CONFIG_VMS; vm++)
		print_vm(vm);
	json_end();
}
