/* SPDX-License-Identifier: MIT */
/*
 * Emulated: EL2's memory. Pages from 0 on are those of the model (memory, then MMIO, then NOMAP memory); pages from FIRST_OWN on are
 * EL2's and the host's for tables. page_alloc.c is a stack of pages for each pool, EL2's stage-1 a flag for each page.
 */
#pragma once

enum {
	MMIO_PFN = CONFIG_PAGES,
	NOMAP_PFN,
	HUGE_PFN,		/* stands for 2^52 */
	FIRST_OWN = 16,
	ALL_PAGES = 512,
};

static unsigned char memory[ALL_PAGES << PAGE_SHIFT] __attribute__((aligned(4096)));
static struct hyp_page vmemmap[ALL_PAGES];
static bool el2_maps[ALL_PAGES];

u64 __hyp_vmemmap;
s64 hyp_physvirt_offset;
unsigned int hyp_memblock_nr = 2;
struct memblock_region hyp_memory[] = {
	{ 0, CONFIG_PAGES * PAGE_SIZE, MEMBLOCK_NONE },
	{ NOMAP_PFN * PAGE_SIZE, PAGE_SIZE, MEMBLOCK_NOMAP },
};

static void *page_at(long pfn)
{
	return memory + ((size_t)pfn << PAGE_SHIFT);
}

/* --- Pages that nobody has: for memcaches, roots and the host's tables --- */

static short unused[ALL_PAGES];
static int nunused, next_page = FIRST_OWN;

static int take_pages(int pages)
{
	int first = next_page;

	if (pages == 1 && nunused > 0)
		return unused[--nunused];
	if (next_page + pages > ALL_PAGES)
		subject_fatal("no page is left: %d are in use", ALL_PAGES - FIRST_OWN);
	next_page += pages;
	return first;
}

/* --- Pools --- */

struct pool {
	const struct hyp_pool *of;
	short pages[64];
	int npages;
};

static struct pool pools[CONFIG_VMS + 1];	/* the host's is the last */

static struct pool *pool_of(const struct hyp_pool *of)
{
	for (int i = 0; i < CONFIG_VMS; i++)
		if (pools[i].of == of)
			return &pools[i];
	return &pools[CONFIG_VMS];
}

void *hyp_alloc_pages(struct hyp_pool *of, u8 order)
{
	struct pool *pool = pool_of(of);
	int pages = 1 << order, first;

	if (pool->npages > 0 && order == 0)
		first = pool->pages[--pool->npages];
	else if (pool == &pools[CONFIG_VMS])
		first = take_pages(pages);
	else
		return NULL;
	for (int i = 0; i < pages; i++)
		vmemmap[first + i].refcount = 1;
	return memset(page_at(first), 0, PAGE_SIZE << order);
}

void hyp_split_page(struct hyp_page *page)
{
	(void)page;
}

void hyp_get_page(struct hyp_pool *of, void *at)
{
	(void)of;
	hyp_page_ref_inc(hyp_virt_to_page(at));
}

void hyp_put_page(struct hyp_pool *of, void *at)
{
	struct pool *pool = pool_of(of);

	if (hyp_page_ref_dec_and_test(hyp_virt_to_page(at)))
		pool->pages[pool->npages++] = (short)hyp_virt_to_pfn(at);
}

/* The pages of a VM's pool are those of its root, in one piece. */
int hyp_pool_init(struct hyp_pool *of, u64 pfn, unsigned int nr_pages, unsigned int reserved)
{
	struct pool *pool = pool_of(of);

	(void)pfn, (void)reserved;
	pool->npages = 0;
	if (pool != &pools[CONFIG_VMS])
		while (nr_pages-- > 0)
			pool->pages[pool->npages++] = (short)take_pages(1);
	return 0;
}

/* --- EL2's stage-1 --- */

hyp_spinlock_t pkvm_pgd_lock;
struct kvm_pgtable pkvm_pgtable;

int pkvm_create_mappings_locked(void *from, void *to, enum kvm_pgtable_prot prot)
{
	(void)prot;
	for (u64 pfn = hyp_virt_to_pfn(from); pfn < hyp_virt_to_pfn(to) && pfn < ALL_PAGES; pfn++)
		el2_maps[pfn] = true;
	return 0;
}

/* As much as is mapped in one piece. */
static u64 el2_unmap(struct kvm_pgtable *of, u64 addr, u64 size)
{
	u64 done = 0;

	(void)of;
	for (; done < size; done += PAGE_SIZE) {
		u64 pfn = hyp_virt_to_pfn((void *)(addr + done));

		if (pfn >= ALL_PAGES || !el2_maps[pfn])
			break;
		el2_maps[pfn] = false;
	}
	return done;
}

void *hyp_fixmap_map(phys_addr_t phys)
{
	return hyp_phys_to_virt(phys);
}

void hyp_fixmap_unmap(void)
{
}

void *hyp_fixblock_map(phys_addr_t phys, size_t *size)
{
	*size = PAGE_SIZE;
	return hyp_phys_to_virt(phys);
}

void hyp_fixblock_unmap(void)
{
}
