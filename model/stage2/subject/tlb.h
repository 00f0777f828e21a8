/* SPDX-License-Identifier: MIT */
/*
 * What some CPU holds of the way to the watched page, as in the model: its translation, or the place of a table. What the code under
 * test does with TLBIs, freed pages and valid entries is judged by that. And the walk from the root that finds it.
 */
#pragma once

enum { LAST_LEVEL = 3, ROOT_LEVEL = LAST_LEVEL + 1 - CONFIG_LEVELS };

#define TABLE_BIT BIT(1)
#define WRITE_BIT BIT(7)
#define ACCESS_FLAG BIT(10)
#define EXECUTE_NEVER BIT(54)

static u64 granule_of(int level)
{
	return kvm_granule_size((table_level)level);
}

static kvm_pte_t *entry_in(kvm_pte_t *table, u64 addr, int level)
{
	return &table[addr / granule_of(level) % PTRS_PER_PTE];
}

static bool is_table(kvm_pte_t pte, int level)
{
	return level < LAST_LEVEL && kvm_pte_valid(pte) && (pte & TABLE_BIT);
}

static bool is_leaf(kvm_pte_t pte, int level)
{
	return kvm_pte_valid(pte) && !is_table(pte, level);
}

static kvm_pte_t *root(void)
{
	return (kvm_pte_t *)pgt.pgd;
}

/* The entry that decides what becomes of an address, and its level. */
static kvm_pte_t *leaf_entry(u64 addr, int *level)
{
	kvm_pte_t *table = root();

	for (*level = ROOT_LEVEL;; ++*level) {
		kvm_pte_t *entry = entry_in(table, addr, *level);

		if (!is_table(*entry, *level))
			return entry;
		table = phys_to_virt(kvm_pte_to_phys(*entry));
	}
}

/* The table that an entry of this level leads to, on the way to an address; NULL if the way ends before. */
static kvm_pte_t *table_below(u64 addr, int level)
{
	kvm_pte_t *table = root();

	for (int at = ROOT_LEVEL;; at++) {
		kvm_pte_t pte = *entry_in(table, addr, at);

		if (!is_table(pte, at))
			return NULL;
		table = phys_to_virt(kvm_pte_to_phys(pte));
		if (at == level)
			return table;
	}
}

#define WATCHED ((u64)CONFIG_WATCHED << PAGE_SHIFT)

static struct {
	enum { HOLDS_NOTHING, HOLDS_LEAF, HOLDS_TABLE, FREED_TABLE_HELD, HELD_ENTRY_REPLACED } what;
	int level;		/* of the leaf, or of the entry that leads to the table */
	bool w, x;		/* of the leaf */
	const void *table;
} tlb;

static bool tlb_holds(void)
{
	return tlb.what == HOLDS_LEAF || tlb.what == HOLDS_TABLE;
}

/* A TLBI that names a level reaches leaves of that level; one that names none reaches all. */
static void tlb_invalidate(u64 addr, u64 size, int level)
{
	u64 from;

	if (!tlb_holds())
		return;
	if (!TLBI_NAMES_NO_LEVEL(level) && (tlb.what == HOLDS_TABLE || tlb.level != level))
		return;
	from = ALIGN_DOWN(WATCHED, granule_of(tlb.level));
	if (from < addr + size && addr < from + granule_of(tlb.level))
		tlb.what = HOLDS_NOTHING;
}

static void tlb_page_freed(const void *page)
{
	if (tlb.what == HOLDS_TABLE && tlb.table == page)
		tlb.what = FREED_TABLE_HELD;
}

/* An entry is about to be written. A valid entry that others hold must not become another valid entry. */
static void tlb_before_write(const kvm_pte_t *entry, kvm_pte_t new_pte)
{
	kvm_pte_t old = *entry;
	kvm_pte_t *table = root();

	if (!tlb_holds() || !kvm_pte_valid(old) || !kvm_pte_valid(new_pte))
		return;
	if ((old & TABLE_BIT) == (new_pte & TABLE_BIT) && kvm_pte_to_phys(old) == kvm_pte_to_phys(new_pte))
		return;
	for (int level = ROOT_LEVEL; level <= tlb.level && table; level++) {
		if (entry_in(table, WATCHED, level) == entry) {
			tlb.what = HELD_ENTRY_REPLACED;
			return;
		}
		table = table_below(WATCHED, level);
	}
}

/* A CPU walks to the watched page, and holds what it found there. */
static bool tlb_fill_leaf(void)
{
	int level;
	kvm_pte_t pte = *leaf_entry(WATCHED, &level);
	enum kvm_pgtable_prot prot = kvm_pgtable_stage2_pte_prot(pte);

	if (tlb.what != HOLDS_NOTHING || !is_leaf(pte, level) || !(pte & ACCESS_FLAG))
		return false;
	tlb.what = HOLDS_LEAF;
	tlb.level = level;
	tlb.w = prot & KVM_PGTABLE_PROT_W;
	tlb.x = prot & KVM_PGTABLE_PROT_X;
	return true;
}

static bool tlb_fill_table(int level)
{
	const void *table = table_below(WATCHED, level);

	if (tlb.what != HOLDS_NOTHING || !table)
		return false;
	tlb.what = HOLDS_TABLE;
	tlb.level = level;
	tlb.table = table;
	return true;
}

/* --- What the kernel calls for a TLBI --- */

bool cpus_have_final_cap(int capability)
{
#ifdef SWITCH_TLBI_RANGES_AND_FWB
	if (capability == ARM64_HAS_STAGE2_FWB)
		return true;
#endif
	return capability == ARM64_HAS_XNX;
}

bool system_supports_tlb_range(void)
{
#ifdef SWITCH_TLBI_NEITHER
	return false;
#else
	return true;
#endif
}

void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *of)
{
	(void)of;
	tlb_invalidate(0, BIT(pgt.ia_bits), TLBI_TTL_UNKNOWN);
}

void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *of, phys_addr_t start, unsigned long pages)
{
	(void)of;
	tlb_invalidate(start, pages << PAGE_SHIFT, RANGE_TLBI_LEVEL);
}

void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *of, phys_addr_t ipa, int level)
{
	(void)of;
	tlb_invalidate(ALIGN_DOWN(ipa, PAGE_SIZE), PAGE_SIZE, level);
}

void __kvm_tlb_flush_vmid_ipa_nsh(struct kvm_s2_mmu *of, phys_addr_t ipa, int level)
{
	__kvm_tlb_flush_vmid_ipa(of, ipa, level);
}
