/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own asm/kvm_pgtable.h, but for the two functions between an entry and an address: a page of 16 bytes would leave no
 * room for the attributes below bit 12, so an entry has the number of the page from bit 12 on.
 */
#pragma once
#include "kernel.h"

#define kvm_pte_to_phys kernel_pte_to_phys
#define kvm_phys_to_pte kernel_phys_to_pte
#include_next <asm/kvm_pgtable.h>
#undef kvm_pte_to_phys
#undef kvm_phys_to_pte

#define SHIM_PTE_PAGE GENMASK(47, 12)

__attribute__((unused)) static inline u64 kvm_pte_to_phys(kvm_pte_t pte)
{
	return (pte & SHIM_PTE_PAGE) >> 12 << PAGE_SHIFT;
}

__attribute__((unused)) static inline kvm_pte_t kvm_phys_to_pte(u64 pa)
{
	return pa >> PAGE_SHIFT << 12 & SHIM_PTE_PAGE;
}

#if !SINCE(602)
/* pgtable.c has its own kvm_phys_to_pte() then, which takes the address, `pa`, by this mask. */
#define kvm_phys_to_pte pgtable_phys_to_pte
#undef KVM_PTE_ADDR_MASK
#define KVM_PTE_ADDR_MASK 0 | (pa >> PAGE_SHIFT << 12 & SHIM_PTE_PAGE)
#endif
