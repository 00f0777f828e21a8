/* SPDX-License-Identifier: MIT */
/*
 * What arch/arm64/kvm/hyp/pgtable.c and asm/kvm_pgtable.h of 5.15 to 7.3 take from the rest of the kernel, for user space. Everything
 * here is written from what the interface means. A symbol that a newer kernel asks for is added here.
 *
 * The build defines KERNEL_VERSION_CODE (703 for 7.3), and CONFIG_* and SWITCH_* from the model's configuration and switches.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef KERNEL_VERSION_CODE
#error "pagelaw subject build defines KERNEL_VERSION_CODE, for example 703 for Linux 7.3"
#endif
#define SINCE(version) (KERNEL_VERSION_CODE >= (version))

/* --- Types and arithmetic --- */

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef int64_t s64;
typedef int8_t s8;
typedef u64 phys_addr_t;
typedef u64 kvm_pfn_t;

struct rb_root {
	void *rb_node;
};
struct rb_root_cached {
	struct rb_root rb_root;
};

#define __rcu
#define unlikely(condition) (condition)
#define IS_ENABLED(option) 0
#define UL(number) number##UL
#define BIT(bit) (1UL << (bit))
#define GENMASK(high, low) (~0UL >> (63 - (high)) & ~0UL << (low))
#define FIELD_GET(mask, value) ((typeof(mask))(((value) & (mask)) >> __builtin_ctzl(mask)))
#define FIELD_PREP(mask, value) ((typeof(mask))((u64)(value) << __builtin_ctzl(mask) & (mask)))
#define ALIGN_DOWN(value, size) ((value) & ~((u64)(size) - 1))
#define IS_ALIGNED(value, size) (((value) & ((u64)(size) - 1)) == 0)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define container_of(member_at, type, member) ((type *)((char *)(member_at) - offsetof(type, member)))

/* Pointers that are errors. */
#define IS_ERR(pointer) ((unsigned long)(pointer) > -4096UL)
#define IS_ERR_OR_NULL(pointer) (!(pointer) || IS_ERR(pointer))
#define ERR_PTR(error) ((void *)(long)(error))
#define PTR_ERR(pointer) ((long)(pointer))

/* --- Geometry: a page has 2 or 4 entries, so that a table of few pages has all its shapes --- */

#if CONFIG_ENTRIES_PER_TABLE == 2
#define PAGE_SHIFT 4
#elif CONFIG_ENTRIES_PER_TABLE == 4
#define PAGE_SHIFT 5
#else
#error "the kernel's tables have a power of two of entries: entriesPerTable=2 or entriesPerTable=4"
#endif
#if CONFIG_MIN_BLOCK_LEVEL == 1
#define CONFIG_ARM64_4K_PAGES 1
#elif CONFIG_MIN_BLOCK_LEVEL != 2
#error "the kernel has blocks from level 1 on (4K pages) or from level 2 on (16K and 64K pages)"
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_ALIGN(address) ALIGN_DOWN((address) + PAGE_SIZE - 1, PAGE_SIZE)
#define SZ_4K PAGE_SIZE
#define PTRS_PER_PTE (1 << (PAGE_SHIFT - 3))
#define __phys_to_pfn(address) ((address) >> PAGE_SHIFT)
#define ARM64_HW_PGTABLE_LEVEL_SHIFT(level) ((PAGE_SHIFT - 3) * (4 - (level)) + 3)
#define ARM64_HW_PGTABLE_LEVELS(bits) (((bits) - 4) / (PAGE_SHIFT - 3))
#define stage2_pgtable_levels(bits) ARM64_HW_PGTABLE_LEVELS(bits)

/* --- Accesses to entries: the harness sees each of them, before and after --- */

void shim_before_access(void);			/* another CPU may go on here */
void shim_before_read(const void *entry);
void shim_before_write(const void *entry, u64 new_value);
void shim_before_exchange(void *entry, u64 new_value);
void shim_after_release(void *entry);

#define READ_ONCE(variable)                                        \
	({                                                         \
		shim_before_access();                              \
		shim_before_read(&(variable));                     \
		*(const volatile typeof(variable) *)&(variable);   \
	})
#define WRITE_ONCE(variable, value)                                \
	({                                                         \
		typeof(variable) shim_value = (value);             \
		shim_before_access();                              \
		shim_before_write(&(variable), (u64)shim_value);   \
		*(volatile typeof(variable) *)&(variable) = shim_value; \
	})
#define cmpxchg(entry, expected, value)                            \
	({                                                         \
		typeof(*(entry)) shim_expected = (expected);       \
		typeof(*(entry)) shim_value = (value);             \
		shim_before_access();                              \
		shim_before_exchange(entry, (u64)shim_value);      \
		typeof(*(entry)) shim_found = *(entry);            \
		if (shim_found == shim_expected) {                 \
			shim_before_write(entry, (u64)shim_value); \
			*(entry) = shim_value;                     \
		}                                                  \
		shim_found;                                        \
	})
#define smp_store_release(entry, value)                            \
	({                                                         \
		typeof(*(entry)) shim_value = (value);             \
		shim_before_access();                              \
		shim_before_write(entry, (u64)shim_value);         \
		*(volatile typeof(*(entry)) *)(entry) = shim_value; \
		shim_after_release(entry);                         \
	})
#define dsb(domain) do { } while (0)
#define isb() do { } while (0)

/* Readers under RCU: what they may still read is freed when all have ended. */
void shim_reader_begins(void);
void shim_reader_ends(void);
#define rcu_read_lock() shim_reader_begins()
#define rcu_read_unlock() shim_reader_ends()
#define rcu_read_lock_held() true
#define rcu_dereference_check(pointer, condition) (pointer)
#define rcu_dereference_raw(pointer) (pointer)

/* --- What may not happen --- */

bool shim_warn(bool condition, const char *text);

#define SHIM_STRING(what) #what
#define SHIM_LINE(line) SHIM_STRING(line)
#ifdef __FILE_NAME__
#define SHIM_HERE __FILE_NAME__ ":" SHIM_LINE(__LINE__) ": "
#else
#define SHIM_HERE "line " SHIM_LINE(__LINE__) ": "
#endif
#define WARN_ON(condition) shim_warn(!!(condition), SHIM_HERE "WARN_ON(" #condition ")")
#define WARN_ON_ONCE(condition) WARN_ON(condition)

/* --- The CPU --- */

enum {
	ARM64_HAS_STAGE2_FWB = 1,
	ARM64_HAS_XNX,
	ARM64_HAS_LPA2,
	ARM64_HAS_TLB_RANGE,
	ARM64_KVM_HVHE,
	ARM64_WORKAROUND_AMPERE_AC03_CPU_38,
	ARM64_HAS_CACHE_DIC,
};
bool cpus_have_final_cap(int capability);
bool system_supports_tlb_range(void);
#define cpus_have_const_cap(capability) cpus_have_final_cap(capability)
#define cpu_has_hw_af() false
#define system_supports_lpa2() false
#define lpa2_is_enabled() false
#define system_supports_bti_kernel() false
#define read_sanitised_ftr_reg(reg) 0UL
#define cpuid_feature_extract_unsigned_field(reg, shift) ((reg) >> (shift) & 15)

/* Physical addresses of 48 bits; of a VM, as many bits as its VTCR_EL2 says. */
#define ID_AA64MMFR0_PARANGE_SHIFT 0
#define ID_AA64MMFR0_PARANGE_MAX 5
#define ID_AA64MMFR0_EL1_PARANGE_SHIFT 0
#define ID_AA64MMFR0_EL1_PARANGE_48 5
#define ID_AA64MMFR0_EL1_PARANGE_52 6
#define ID_AA64MMFR0_EL1_PARANGE_MAX 5
#ifndef SHIM_PHYS_SHIFT
#define SHIM_PHYS_SHIFT 48
#endif
#define id_aa64mmfr0_parange_to_phys_shift(parange) SHIM_PHYS_SHIFT
#define get_vmid_bits(reg) 16

/*
 * VTCR_EL2 as its readers here take it apart: T0SZ in bits 5 to 0, SL0 in bits 7 and 6, with 2 for a walk of four levels where the
 * first level is 0.
 */
#define SHIM_T0SZ GENMASK(5, 0)
#define VTCR_EL2_SL0_MASK GENMASK(7, 6)
#define VTCR_EL2_TGRAN_SL0_BASE 2UL
#define VTCR_EL2_LVLS_TO_SL0(levels) FIELD_PREP(VTCR_EL2_SL0_MASK, VTCR_EL2_TGRAN_SL0_BASE - (4 - (levels)))
#define VTCR_EL2_IPA(vtcr) (64 - FIELD_GET(SHIM_T0SZ, (vtcr)))
#if SINCE(700)
#define VTCR_EL2_T0SZ SHIM_T0SZ
#else
#define VTCR_EL2_T0SZ(bits) (64UL - (bits))
#endif
#define VTCR_EL2_FLAGS 0UL
#define VTCR_EL2_PS_SHIFT 16
#define VTCR_EL2_PS GENMASK(18, 16)
#define VTCR_EL2_VS BIT(19)
#define VTCR_EL2_VS_16BIT BIT(19)
#define VTCR_EL2_VS_8BIT 0UL
#define VTCR_EL2_HA BIT(21)
#define VTCR_EL2_DS BIT(32)

/* Memory types: bits 5 to 2 of a stage-2 entry. */
#define MT_S2_NORMAL 15
#define MT_S2_NORMAL_NC 5
#define MT_S2_DEVICE_nGnRE 1
#define MT_S2_AS_S1 7
#define PAGE_S2_MEMATTR(type, ...) ((u64)MT_S2_##type << 2)
#define MT_NORMAL 0
#define MT_DEVICE_nGnRE 4

/* --- TLBIs: calls to EL2, or at EL2 --- */

#define TLBI_TTL_UNKNOWN 0x7fffffff
#define MAX_TLBI_RANGE_PAGES (1UL << 21)
#define kvm_call_hyp(function, ...) function(__VA_ARGS__)
#define __tlbi_level(operation, address, level) do { } while (0)
#define __tlbi_sync_s1ish_hyp() do { } while (0)

struct kvm_s2_mmu;
void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *mmu);
void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *mmu, phys_addr_t start, unsigned long pages);
void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level);
void __kvm_tlb_flush_vmid_ipa_nsh(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level);

/* --- What KVM keeps of a VM: as much of it as is looked at here --- */

#ifndef SHIM_OWN_KVM_STRUCTURES
struct kvm_pgtable;
struct kvm_arch;
struct kvm_mmu_memory_cache {
	int nobjs;
};
struct kvm_s2_mmu {
	u64 vtcr;
	struct kvm_pgtable *pgt;
	struct kvm_arch *arch;
	struct kvm_mmu_memory_cache split_page_cache;
};
struct kvm_arch {
	u64 vtcr;
	struct kvm_s2_mmu mmu;
};
#endif
