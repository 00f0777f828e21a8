/* SPDX-License-Identifier: MIT */
/*
 * Pages for tables. A page that was freed is not used again for as long as there are others, so that a walk that still leads to it
 * reads what was there, and is seen.
 */
#pragma once

enum { ARENA_PAGES = 512 };

/* Physical addresses of table pages: far from those that the table maps. */
#define TABLES_AT (1UL << 32)

static unsigned char arena[ARENA_PAGES << PAGE_SHIFT] __attribute__((aligned(4096)));
static int page_counts[ARENA_PAGES];	/* 0: free */
static int next_page;
static int put_too_often;		/* puts of pages that were free */

static void tlb_page_freed(const void *page);	/* tlb.h */

static int arena_index(const void *at)
{
	return (int)(((uintptr_t)at - (uintptr_t)arena) >> PAGE_SHIFT);
}

static bool in_arena(const void *at)
{
	return (uintptr_t)at - (uintptr_t)arena < sizeof(arena);
}

static void *arena_page(int index)
{
	return arena + ((size_t)index << PAGE_SHIFT);
}

static void *arena_take(int pages)
{
	for (int tries = 0; tries < ARENA_PAGES; tries++) {
		int first = next_page, free = 0;

		next_page = (next_page + 1) % ARENA_PAGES;
		while (free < pages && first + free < ARENA_PAGES && page_counts[first + free] == 0)
			free++;
		if (free < pages)
			continue;
		next_page = (first + pages) % ARENA_PAGES;
		for (int i = first; i < first + pages; i++)
			page_counts[i] = 1;
		return memset(arena_page(first), 0, (size_t)pages << PAGE_SHIFT);
	}
	subject_fatal("no page is left for tables: %d are in use", ARENA_PAGES);
}

static void arena_put(void *at)
{
	int index = arena_index(at);

	if (page_counts[index] == 0)
		put_too_often++;
	else if (--page_counts[index] == 0)
		tlb_page_freed(arena_page(index));
}

/* --- struct kvm_pgtable_mm_ops --- */

static void *zalloc_page(void *arg)
{
	struct kvm_mmu_memory_cache *mc = arg;

	if (!mc || mc->nobjs == 0)
		return NULL;
	mc->nobjs--;
	return arena_take(1);
}

static void *zalloc_pages_exact(size_t size)
{
	return arena_take((int)(size >> PAGE_SHIFT));
}

static void free_pages_exact(void *at, size_t size)
{
	for (size_t done = 0; done < size; done += PAGE_SIZE)
		page_counts[arena_index((char *)at + done)] = 0;
}

static void get_page(void *at)
{
	page_counts[arena_index(at)]++;
}

static void put_page(void *at)
{
	arena_put(at);
}

static int page_count(void *at)
{
	return page_counts[arena_index(at)];
}

static void *phys_to_virt(phys_addr_t phys)
{
	return arena + (phys - TABLES_AT);
}

static phys_addr_t virt_to_phys(void *at)
{
	return TABLES_AT + ((uintptr_t)at - (uintptr_t)arena);
}

#if SINCE(602)
static void free_unlinked_table(void *table, table_level level);	/* harness.c */
#endif

static struct kvm_pgtable_mm_ops mm_ops = {
	.zalloc_page = zalloc_page,
	.zalloc_pages_exact = zalloc_pages_exact,
	.free_pages_exact = free_pages_exact,
	.get_page = get_page,
	.put_page = put_page,
	.page_count = page_count,
	.phys_to_virt = phys_to_virt,
	.virt_to_phys = virt_to_phys,
	UNLINKED_OPERATION
};

static int pages_in_use(void)
{
	int pages = 0;

	for (int i = 0; i < ARENA_PAGES; i++)
		pages += page_counts[i] > 0;
	return pages;
}
