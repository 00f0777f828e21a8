/* SPDX-License-Identifier: MIT */
/*
 * What callers of pgtable.c have to do in 5.15 to 7.3: one name for each thing, whatever the kernel calls it and what arguments it has.
 * HAS_* say that the tree declares a function: stable kernels have functions of later versions. See subject.json.
 */
#pragma once

/* A stage-2 belongs to a struct kvm_arch in 5.15, to a struct kvm_s2_mmu later. */
#if SINCE(519)
#define STAGE2_OWNER (&mmu)
#else
#define STAGE2_OWNER (&arch)
#endif

/* Walks of vCPUs that fault run at the same time since 6.2. From 6.3 to 6.18 they have to say that they handle a fault. */
#if SINCE(619)
#define FAULT_FLAGS KVM_PGTABLE_WALK_SHARED
#elif SINCE(603)
#define FAULT_FLAGS (KVM_PGTABLE_WALK_SHARED | KVM_PGTABLE_WALK_HANDLE_FAULT)
#elif SINCE(602)
#define FAULT_FLAGS KVM_PGTABLE_WALK_SHARED
#endif

/* The host's map() passes over what is mapped, from 6.3 to 6.18 by itself, since 7.1 because it is told to. */
#if SINCE(701)
#define HOST_FLAGS KVM_PGTABLE_WALK_IGNORE_EAGAIN
#elif SINCE(602)
#define HOST_FLAGS 0
#endif
#define HOST_PASSES_OVER_MAPPED (SINCE(701) || (SINCE(603) && !SINCE(619)))

#ifdef SWITCH_TABLE_HOST
#define MAP_FLAGS HOST_FLAGS
#else
#define MAP_FLAGS FAULT_FLAGS
#endif

#if SINCE(602)
#define stage2_map(addr, size, phys, prot, mc) kvm_pgtable_stage2_map(&pgt, addr, size, phys, prot, mc, MAP_FLAGS)
#else
#define stage2_map(addr, size, phys, prot, mc) kvm_pgtable_stage2_map(&pgt, addr, size, phys, prot, mc)
#endif

#if SINCE(614)
#define stage2_relax_perms(addr, prot) kvm_pgtable_stage2_relax_perms(&pgt, addr, prot, FAULT_FLAGS)
#define stage2_mkyoung(addr) kvm_pgtable_stage2_mkyoung(&pgt, addr, FAULT_FLAGS)
#else
#define stage2_relax_perms(addr, prot) kvm_pgtable_stage2_relax_perms(&pgt, addr, prot)
#define stage2_mkyoung(addr) kvm_pgtable_stage2_mkyoung(&pgt, addr)
#endif

/* Whether a page is young, with or without making it old. */
#ifdef HAS_TEST_CLEAR_YOUNG
#define stage2_test_clear_young(addr, mkold) kvm_pgtable_stage2_test_clear_young(&pgt, addr, PAGE_SIZE, mkold)
#else
#define stage2_test_clear_young(addr, mkold) \
	((mkold) ? kvm_pte_valid(kvm_pgtable_stage2_mkold(&pgt, addr)) : kvm_pgtable_stage2_is_young(&pgt, addr))
#endif

/* A page's owner, by its number: the hypervisor is 1. The host, 0, has no annotation, and since 7.1 cannot be asked for. */
#ifdef HAS_ANNOTATE
#define ANNOTATION_OWNER GENMASK(3, 1)
#define stage2_set_owner(addr, size, mc, owner)                                                          \
	kvm_pgtable_stage2_annotate(&pgt, addr, size, mc,                                                \
				    (owner) ? KVM_HOST_INVALID_PTE_TYPE_DONATION : (enum kvm_invalid_pte_type)0, \
				    FIELD_PREP(ANNOTATION_OWNER, owner))
#else
#define ANNOTATION_OWNER GENMASK(9, 2)
#define stage2_set_owner(addr, size, mc, owner) kvm_pgtable_stage2_set_owner(&pgt, addr, size, mc, owner)
#endif

/* Tables that are no longer in the tree are freed by an operation of their own since 6.2. */
#ifdef HAS_FREE_UNLINKED
#define UNLINKED_OPERATION .free_unlinked_table = free_unlinked_table,
#define stage2_free_unlinked(table, level) kvm_pgtable_stage2_free_unlinked(&mm_ops, table, level)
#elif defined(HAS_FREE_REMOVED)
#define UNLINKED_OPERATION .free_removed_table = free_unlinked_table,
#define stage2_free_unlinked(table, level) kvm_pgtable_stage2_free_removed(&mm_ops, table, level)
#else
#define UNLINKED_OPERATION
#endif
#if SINCE(608)
typedef s8 table_level;
#else
typedef u32 table_level;
#endif

/* The level of a TLBI: 0 meant "unknown" before 6.8. The level of a range TLBI is chosen in tlb.c, which is not compiled here. */
#if SINCE(608)
#define TLBI_NAMES_NO_LEVEL(level) ((level) == TLBI_TTL_UNKNOWN)
#else
#define TLBI_NAMES_NO_LEVEL(level) ((level) == TLBI_TTL_UNKNOWN || (level) == 0)
#endif
#ifdef HAS_RANGE_TLBI_OF_LEVEL_0
#define RANGE_TLBI_LEVEL 0
#else
#define RANGE_TLBI_LEVEL TLBI_TTL_UNKNOWN
#endif
