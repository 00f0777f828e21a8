/* SPDX-License-Identifier: MIT */
/*
 * What arch/arm64/kvm/hyp/nvhe/mem_protect.c of 6.14 to 7.3, and the headers that it includes, take from the rest of the kernel, for
 * user space; what pgtable.c takes is in model/stage2/subject/include/kernel.h. Everything here is written from what the interface
 * means. A symbol that a newer kernel asks for is added here.
 */
#pragma once

/* Pages of memory, then one of MMIO, one of NOMAP memory, and what else fills sixteen pages. */
#define CONFIG_ENTRIES_PER_TABLE CONFIG_BLOCK
#define CONFIG_MIN_BLOCK_LEVEL 2
#define SHIM_PHYS_SHIFT (PAGE_SHIFT + 4)
#define SHIM_OWN_KVM_STRUCTURES
#include "kernel.h"

#include <limits.h>

typedef u16 pkvm_handle_t;
typedef int atomic_t;
typedef u64 gpa_t;

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define fallthrough do { } while (0)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define ALIGN(value, size) ALIGN_DOWN((value) + (size) - 1, size)
#define PTR_ALIGN_DOWN(pointer, size) ((typeof(pointer))ALIGN_DOWN((u64)(pointer), size))
#define FIELD_MAX(mask) ((mask) >> __builtin_ctzl(mask))
/* Bits that the shift loses are not seen: 2^52 fits where the shift is 12 or more. */
#define FIELD_FIT(mask, value) (((u64)(value) << __builtin_ctzl(mask) & ~(u64)(mask)) == 0)
#define max(a, b) ((a) > (b) ? (a) : (b))
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define check_shl_overflow(value, bits, result)             \
	({                                                  \
		*(result) = (value) << (bits);              \
		*(result) >> (bits) != (value);             \
	})
#define atomic64_set(at, value) (*(at) = (value))
#define static_branch_likely(key) (*(key))
#define static_branch_unlikely(key) (*(key))

/* Stands for the largest count of borrowers. */
#define U32_MAX ((u32)CONFIG_SHARES)

#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PMD_SIZE (PAGE_SIZE * PTRS_PER_PTE)
#define PTRS_PER_PMD PTRS_PER_PTE
#define NR_PAGE_ORDERS 11
#define clear_page(at) memset(at, 0, PAGE_SIZE)
#define get_order(size) ((size) <= PAGE_SIZE ? 0 : 64 - __builtin_clzl(((size) - 1) >> PAGE_SHIFT))

__attribute__((noreturn)) void shim_bug(const char *text);
#define BUG() shim_bug(SHIM_HERE "BUG()")
#define BUG_ON(condition)                                                     \
	do {                                                                  \
		if (condition)                                                \
			shim_bug(SHIM_HERE "BUG_ON(" #condition ")");         \
	} while (0)

/* Each CPU's own variables. */
int shim_cpu(void);
#define DEFINE_PER_CPU(type, name) __typeof__(type) name[2]
#define this_cpu_ptr(variable) (&(*(variable))[shim_cpu()])

struct list_head {
	struct list_head *next, *prev;
};

/* --- Locks: taking one is a point at which another CPU may go on --- */

typedef struct {
	int locked;
} hyp_spinlock_t;

void shim_lock(hyp_spinlock_t *lock);
#define hyp_spin_lock_init(lock) ((lock)->locked = 0)
#define hyp_spin_lock(lock) shim_lock(lock)
#define hyp_spin_unlock(lock) ((lock)->locked = 0)
#define hyp_assert_lock_held(lock) BUG_ON(!(lock)->locked)

/* --- Memory: what the host told EL2 of it --- */

enum memblock_flags {
	MEMBLOCK_NONE = 0,
	MEMBLOCK_NOMAP = 4,
};
struct memblock_region {
	phys_addr_t base, size;
	enum memblock_flags flags;
};
extern struct memblock_region hyp_memory[];
extern unsigned int hyp_memblock_nr;

extern s64 hyp_physvirt_offset;
#define __hyp_pa(at) ((phys_addr_t)(at) + (u64)hyp_physvirt_offset)
extern char __hyp_text_start[], __hyp_text_end[];
#define host_s2_pgtable_pages() 1024UL

/* --- A list of pages that the host gives to EL2 for tables --- */

struct kvm_hyp_memcache {
	phys_addr_t head;
	unsigned long nr_pages, flags;
	void *mapping;
};
#define HYP_MEMCACHE_ACCOUNT_STAGE2 BIT(1)

/* The first word of each page in the list is where the next one is. */
__attribute__((unused)) static inline void push_hyp_memcache(struct kvm_hyp_memcache *mc, phys_addr_t *page,
							     phys_addr_t (*pa_of)(void *))
{
	*page = mc->head;
	mc->head = pa_of(page);
	mc->nr_pages++;
}

__attribute__((unused)) static inline void *pop_hyp_memcache(struct kvm_hyp_memcache *mc, void *(*va_of)(phys_addr_t))
{
	phys_addr_t *page;

	if (mc->nr_pages == 0)
		return NULL;
	page = va_of(mc->head & PAGE_MASK);
	mc->head = *page;
	mc->nr_pages--;
	return page;
}

/* --- VMs and vCPUs: as much of them as is looked at --- */

struct kvm_pgtable;
struct kvm_arch;
struct kvm_mmu_memory_cache {
	int nobjs;
};
struct kvm_vmid {
	u64 id;
};
struct kvm_s2_mmu {
	struct kvm_vmid vmid;
	phys_addr_t pgd_phys;
	u64 vtcr;
	struct kvm_pgtable *pgt;
	struct kvm_arch *arch;
	struct kvm_mmu_memory_cache split_page_cache;
};
struct kvm_protected_vm {
	pkvm_handle_t handle;
	struct kvm_hyp_memcache teardown_mc, stage2_teardown_mc;
	bool is_protected, is_dying;
};
struct kvm_arch {
	u64 vtcr;
	struct kvm_s2_mmu mmu;
	struct kvm_protected_vm pkvm;
};
struct kvm {
	struct kvm_arch arch;
};
struct kvm_vcpu_fault_info {
	u64 esr_el2, far_el2, hpfar_el2;
};
struct kvm_vcpu_arch {
	struct kvm_s2_mmu *hw_mmu;
	struct kvm_hyp_memcache pkvm_memcache;
	struct kvm_vcpu_fault_info fault;
};
struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_vcpu_arch arch;
};
#define kvm_vm_is_protected(vm) ((vm)->arch.pkvm.is_protected)
#define vcpu_is_protected(vcpu) kvm_vm_is_protected((vcpu)->kvm)
#define kvm_mmu_cache_min_pages(mmu) (CONFIG_LEVELS - 1)
#define kvm_phys_shift(mmu) VTCR_EL2_IPA((mmu)->vtcr)
#define kvm_get_vttbr(mmu) 0UL
#define __load_stage2(...) do { } while (0)

/* --- What is compiled and not called: the entry from the host's exception, and the start of pKVM --- */

struct kvm_cpu_context {
	u64 regs[4];
};
struct kvm_nvhe_init_params {
	u64 hcr_el2, vttbr, vtcr;
};
extern struct kvm_nvhe_init_params kvm_init_params[2];
extern bool kvm_protected_mode_initialized;
extern u64 id_aa64mmfr0_el1_sys_val, id_aa64mmfr1_el1_sys_val;

struct arm_smccc_res {
	u64 a0;
};
enum {
	ARM64_WORKAROUND_4193714 = 100,
	ARM_SMCCC_CPU_WORKAROUND_4193714,
	HCR_VM = 1,
	HCR_FWB = 2,
	PSR_MODE_EL0t = 0,
	PSR_MODE_MASK = 15,
	ESR_ELx_EC_SHIFT = 26,
	ESR_ELx_EC_IABT_LOW = 0x20,
	ESR_ELx_EC_IABT_CUR = 0x21,
	ESR_ELx_EC_DABT_LOW = 0x24,
	ESR_ELx_EC_DABT_CUR = 0x25,
};
#define ESR_ELx_EC_MASK (0x3fUL << ESR_ELx_EC_SHIFT)
#define ESR_ELx_EC(esr) (((esr) & ESR_ELx_EC_MASK) >> ESR_ELx_EC_SHIFT)
#define ESR_ELx_S1PTW BIT(7)
#define HPFAR_EL2_NS BIT(63)
#define HPFAR_EL2_FIPA GENMASK(47, 4)
#define HPFAR_MASK (~15UL)
#define FAR_TO_FIPA_OFFSET(far) 0
#define ALTERNATIVE(...) ""
#define alternative_has_cap_unlikely(capability) 0
#define hyp_smccc_1_1_smc(...) do { } while (0)
#define read_sysreg(reg) 0UL
#define read_sysreg_el1(reg) 0UL
#define read_sysreg_el2(reg) 0UL
#define write_sysreg(value, reg) do { } while (0)
#define write_sysreg_el1(value, reg) do { } while (0)
#define write_sysreg_el2(value, reg) do { } while (0)
#define write_sysreg_hcr(value) do { } while (0)
#define __tlbi(...) do { } while (0)
#define inject_host_exception(...) do { } while (0)
#define kvm_vcpu_get_fault_ipa(vcpu) 0UL
#define kvm_vcpu_get_hfar(vcpu) 0UL
#define kvm_vcpu_trap_get_class(vcpu) 0
#define kvm_vcpu_trap_is_translation_fault(vcpu) true
#define kvm_flush_dcache_to_poc(at, size) do { } while (0)

__attribute__((unused)) static inline bool __get_fault_info(u64 esr, struct kvm_vcpu_fault_info *fault)
{
	(void)esr;
	memset(fault, 0, sizeof(*fault));
	return true;
}

__attribute__((unused)) static inline void __clean_dcache_guest_page(void *at, size_t size)
{
	(void)at, (void)size;
}

__attribute__((unused)) static inline void __invalidate_icache_guest_page(void *at, size_t size)
{
	(void)at, (void)size;
}
