/* SPDX-License-Identifier: MIT */
/*
 * The kernel's pgtable.c as a subject of the model stage2: its calls, and the state that it leaves. See ../README.md.
 *
 * Input address n << PAGE_SHIFT is page n. A guest's table maps it to page n from OUTPUT on; the host's is an identity map.
 */
#define SUBJECT_MODEL "stage2"
#define SUBJECT_NAME "pgtable.c of Linux " KERNEL_RELEASE
#include "kernel.h"
#include <asm/kvm_pgtable.h>
/* Calls that take the lock of the MMU for reading only, and the walk of a CPU. */
#if SINCE(603) && !defined(SWITCH_TABLE_HOST)
#define SUBJECT_RIVALS "map", "map_short", "relax_perms", "mkyoung", "cpu_walk"
#elif SINCE(602) && !defined(SWITCH_TABLE_HOST)
#define SUBJECT_RIVALS "map", "map_short", "relax_perms", "cpu_walk"
#endif
#include "subject.h"
#include "versions.h"
#if defined(SWITCH_TABLE_HOST) && defined(HAS_ANNOTATE) != defined(SWITCH_GIVE_BACK_MAP)
#error "the host gets pages back in another way in this kernel: @host is for 5.15 to 7.0, @host-7.1 is for 7.1 and later"
#endif

static struct kvm_pgtable pgt;
static struct kvm_arch arch;
static struct kvm_s2_mmu mmu;

#include "arena.h"
#include "tlb.h"

#ifdef SWITCH_TABLE_HOST
#define OUTPUT 0UL
#define TABLE_FLAGS KVM_PGTABLE_S2_IDMAP
#define FORCE_PTE host_force_pte
#else
#define OUTPUT (1UL << 28)
#define TABLE_FLAGS 0
#define FORCE_PTE NULL
#endif

/* Table pages below the root, at most; so many are never too few. */
enum { PLENTY = 100 };

/* --- What the code under test does, as it does it --- */

static bool used_after_free;
static bool lose_exchange;			/* another vCPU writes the same, and is faster */
static void (*after_block)(void);		/* another vCPU goes on after a block was made */
static jmp_buf *stop_after_table;		/* the other vCPU has put a table in its place */

void shim_before_access(void)
{
	subject_point();
}

void shim_before_read(const void *entry)
{
	if (in_arena(entry) && page_counts[arena_index(entry)] == 0)
		used_after_free = true;
}

void shim_before_write(const void *entry, u64 new_value)
{
	if (in_arena(entry))
		tlb_before_write(entry, new_value);
}

void shim_before_exchange(void *entry, u64 new_value)
{
	if (lose_exchange)
		*(kvm_pte_t *)entry = new_value;
}

void shim_after_release(void *entry)
{
	kvm_pte_t pte = *(kvm_pte_t *)entry;

	if (!kvm_pte_valid(pte))
		return;
	if (stop_after_table)
		longjmp(*stop_after_table, 1);
	if (after_block && !(pte & TABLE_BIT))
		after_block();
}

bool shim_warn(bool condition, const char *text)
{
	return subject_warn(condition, text);
}

static int readers;

#if SINCE(602)
/* Subtrees that are no longer in the tree, and that readers may still be in. */
static struct {
	void *table;
	table_level level;
} unlinked[16];
static int nunlinked;

/* At once, as at EL2. With two CPUs as in the host kernel, behind RCU: when no walk goes on that may have seen the table. */
static void free_unlinked_table(void *table, table_level level)
{
	if (!subject_two_cpus()) {
		stage2_free_unlinked(table, level);
		return;
	}
	if (nunlinked == sizeof(unlinked) / sizeof(*unlinked))
		subject_fatal("more than %d tables wait for readers", nunlinked);
	unlinked[nunlinked].table = table;
	unlinked[nunlinked++].level = level;
}

static void free_unlinked_tables(void)
{
	while (nunlinked > 0) {
		nunlinked--;
		stage2_free_unlinked(unlinked[nunlinked].table, unlinked[nunlinked].level);
	}
}
#else
static void free_unlinked_tables(void)
{
}
#endif

void shim_reader_begins(void)
{
	readers++;
}

void shim_reader_ends(void)
{
	if (--readers == 0)
		free_unlinked_tables();
}

/* --- Arguments --- */

struct pages {
	u64 addr, size, phys;
	struct kvm_mmu_memory_cache mc;
};

static struct pages pages_named(const char *argument, int tables)
{
	struct pages pages = { .mc.nobjs = tables };
	long first, last;

	arg_range(argument, &first, &last);
	pages.addr = (u64)first << PAGE_SHIFT;
	pages.size = (u64)(last - first + 1) << PAGE_SHIFT;
	pages.phys = OUTPUT + pages.addr;
	return pages;
}

static enum kvm_pgtable_prot prot_named(void)
{
	return arg_is("prot", "rwx") ? KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W | KVM_PGTABLE_PROT_X : KVM_PGTABLE_PROT_R;
}

#define PROT_RWX (KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W | KVM_PGTABLE_PROT_X)

/* --- Calls --- */

SUBJECT_CALL(cpu_walk)
{
	static const char table[] = "table of level ";
	const char *caches = arg_string("caches");
	bool found = strcmp(caches, "leaf") == 0 ? tlb_fill_leaf() : tlb_fill_table(atoi(caches + strlen(table)));

	return found ? 0 : subject_disabled("there is nothing of the kind to hold");
}

#ifdef SWITCH_TABLE_HOST
static bool host_force_pte(u64 addr, u64 end, enum kvm_pgtable_prot prot)
{
	(void)addr, (void)end;
	return prot != PROT_RWX;
}

/* The host's callers map no range with an annotation in it; where what is mapped is passed over, they change no permissions. */
static const char *host_would_not_map(const struct pages *pages, enum kvm_pgtable_prot prot, bool over_annotations)
{
	for (u64 addr = pages->addr; addr < pages->addr + pages->size; addr += PAGE_SIZE) {
		int level;
		kvm_pte_t pte = *leaf_entry(addr, &level);

		if (pte && !kvm_pte_valid(pte) && !over_annotations)
			return "the caller maps no range with an annotation in it";
		if (HOST_PASSES_OVER_MAPPED && kvm_pte_valid(pte) && kvm_pgtable_stage2_pte_prot(pte) != prot)
			return "the caller changes no permissions";
	}
	return NULL;
}
#endif

static int map(struct pages *pages, enum kvm_pgtable_prot prot)
{
#ifdef SWITCH_TABLE_HOST
	const char *reason = host_would_not_map(pages, prot, false);

	if (reason)
		return subject_disabled(reason);
#endif
	return stage2_map(pages->addr, pages->size, pages->phys, prot, &pages->mc);
}

SUBJECT_CALL(map)
{
	struct pages pages = pages_named("pages", PLENTY);

	return map(&pages, prot_named());
}

SUBJECT_CALL(map_short)
{
	struct pages pages = pages_named("pages", 1);

	return map(&pages, PROT_RWX);
}

SUBJECT_CALL(unmap)
{
	struct pages pages = pages_named("pages", 0);

	return kvm_pgtable_stage2_unmap(&pgt, pages.addr, pages.size);
}

#ifdef SWITCH_TABLE_HOST
SUBJECT_CALL(set_owner)
{
	struct pages pages = pages_named("pages", PLENTY);

	return stage2_set_owner(pages.addr, pages.size, &pages.mc, arg_is("owner", "hyp") ? 1 : 0);
}

SUBJECT_CALL(set_owner_short)
{
	struct pages pages = pages_named("pages", 1);

	return stage2_set_owner(pages.addr, pages.size, &pages.mc, 1);
}

#if SINCE(701)
/* What host_stage2_set_owner_locked() does for the host. */
SUBJECT_CALL(give_back)
{
	struct pages pages = pages_named("pages", PLENTY);
	const char *reason = host_would_not_map(&pages, PROT_RWX, true);

	if (reason)
		return subject_disabled(reason);
	return stage2_map(pages.addr, pages.size, pages.phys, PROT_RWX, &pages.mc);
}
#endif

#else /* a guest's table */

#if SINCE(602)
static struct {
	struct pages *pages;
	bool happened;
} race;

/* Another vCPU faults on the first page of the block that was just made. It goes on until it has put a table there. */
static void other_vcpu_maps_a_page(void)
{
	jmp_buf stopped;

	if (race.pages->mc.nobjs == 0)
		return;
	after_block = NULL;
	race.happened = true;
	stop_after_table = &stopped;
	if (setjmp(stopped) == 0)
		stage2_map(race.pages->addr, PAGE_SIZE, race.pages->phys, PROT_RWX, &race.pages->mc);
	stop_after_table = NULL;
}

SUBJECT_CALL(map_raced)
{
	struct pages pages = pages_named("pages", PLENTY);
	int ret;

	race.pages = &pages;
	race.happened = false;
	after_block = other_vcpu_maps_a_page;
	ret = map(&pages, PROT_RWX);
	after_block = NULL;
	race.pages = NULL;
	return race.happened ? ret : subject_disabled("no block is made, or no page is left for the other vCPU");
}
#endif

/* Under one lock with its caller's flush. */
SUBJECT_CALL(wrprotect)
{
	struct pages pages = pages_named("pages", 0);
	int ret = kvm_pgtable_stage2_wrprotect(&pgt, pages.addr, pages.size);

	if (system_supports_tlb_range())
		__kvm_tlb_flush_vmid_range(&mmu, pages.addr, pages.size >> PAGE_SHIFT);
	else
		__kvm_tlb_flush_vmid(&mmu);
	return ret;
}

SUBJECT_CALL(relax_perms)
{
	struct pages pages = pages_named("page", 0);
	bool w = arg_is("adds", "w");
	int ret;

	/* Lost: another vCPU relaxes the page in the same way, and is first. */
	lose_exchange = arg_bool("lost");
	ret = stage2_relax_perms(pages.addr, KVM_PGTABLE_PROT_R | (w ? KVM_PGTABLE_PROT_W : KVM_PGTABLE_PROT_X));
	lose_exchange = false;
	return ret;
}

SUBJECT_CALL(mkyoung)
{
	struct pages pages = pages_named("page", 0);

	stage2_mkyoung(pages.addr);
	return 0;
}

SUBJECT_CALL(test_clear_young)
{
	struct pages pages = pages_named("page", 0);

	(void)stage2_test_clear_young(pages.addr, arg_bool("mkold"));
	return 0;
}

/* Blocks are split ahead of time since 6.4. */
#ifdef HAS_SPLIT
SUBJECT_CALL(split)
{
	struct pages pages = pages_named("pages", 0);

	mmu.split_page_cache.nobjs = (int)arg_int("memcache");
	return kvm_pgtable_stage2_split(&pgt, pages.addr, pages.size, &mmu.split_page_cache);
}

/* A subtree for the largest block, by pages, with one page fewer than it takes. */
SUBJECT_CALL(create_unlinked_short)
{
	enum { LEVEL = CONFIG_MIN_BLOCK_LEVEL > ROOT_LEVEL ? CONFIG_MIN_BLOCK_LEVEL : ROOT_LEVEL };
	struct kvm_mmu_memory_cache mc = { .nobjs = LEVEL == 1 ? PTRS_PER_PTE : 0 };
	kvm_pte_t *table = kvm_pgtable_stage2_create_unlinked(&pgt, OUTPUT, LEVEL, PROT_RWX, &mc, true);

	return IS_ERR(table) ? (int)PTR_ERR(table) : 0;
}
#endif
#endif

static void make_table(void)
{
	/* The address space ends with the root page. */
	u64 bits = PAGE_SHIFT + CONFIG_LEVELS * (PAGE_SHIFT - 3);

	mmu.arch = &arch;
	mmu.pgt = &pgt;
	mmu.vtcr = arch.vtcr = VTCR_EL2_LVLS_TO_SL0(CONFIG_LEVELS) | (64 - bits);
	if (__kvm_pgtable_stage2_init(&pgt, STAGE2_OWNER, &mm_ops, TABLE_FLAGS, FORCE_PTE))
		subject_fatal("__kvm_pgtable_stage2_init() failed");
}

#ifndef SWITCH_TABLE_HOST
/* The guest is gone: no CPU holds anything of its table. */
SUBJECT_CALL(destroy)
{
	tlb.what = HOLDS_NOTHING;
	kvm_pgtable_stage2_destroy(&pgt);
	make_table();
	return 0;
}
#endif

SUBJECT_SETUP
{
	make_table();
}

SUBJECT_CONFIG
{
	json_number("levels", CONFIG_LEVELS);
	json_number("entriesPerTable", CONFIG_ENTRIES_PER_TABLE);
	json_number("watched", CONFIG_WATCHED);
	json_number("minBlockLevel", CONFIG_MIN_BLOCK_LEVEL);
}

/* --- The state --- */

static long within(long value, long from, long to)
{
	return value < from ? from : value > to ? to : value;
}

static int tables_below(kvm_pte_t *table, int level)
{
	int tables = 0;

	for (int i = 0; i < PTRS_PER_PTE; i++)
		if (is_table(table[i], level))
			tables += 1 + tables_below(phys_to_virt(kvm_pte_to_phys(table[i])), level + 1);
	return tables;
}

static void print_page(kvm_pte_t *table, int level, u64 addr);

static void print_entry(kvm_pte_t pte, int level, u64 addr)
{
	json_object(NULL);
	if (!pte) {
		json_string("kind", "zero");
	} else if (is_table(pte, level)) {
		json_string("kind", "table");
		print_page(phys_to_virt(kvm_pte_to_phys(pte)), level + 1, addr);
	} else if (kvm_pte_valid(pte)) {
		enum kvm_pgtable_prot prot = kvm_pgtable_stage2_pte_prot(pte);

		json_string("kind", "leaf");
		json_bool("w", prot & KVM_PGTABLE_PROT_W);
		json_bool("x", prot & KVM_PGTABLE_PROT_X);
		json_bool("af", pte & ACCESS_FLAG);
		json_number("skew", ((s64)kvm_pte_to_phys(pte) - (s64)(OUTPUT + addr)) / (s64)PAGE_SIZE);
	} else if (FIELD_GET(ANNOTATION_OWNER, pte) == 1) {
		json_string("kind", "annotated");
		json_string("owner", "hyp");
	} else {
		/* LOCKED, or worse: no call may end with that, and no state of the model has it. */
		json_string("kind", "unknown");
	}
	json_end();
}

/* How much the count of a page is more than 1 for itself and 1 for each entry that is not zero. */
static void print_page(kvm_pte_t *table, int level, u64 addr)
{
	int counted = 0;

	for (int i = 0; i < PTRS_PER_PTE; i++)
		counted += table[i] != 0;
	json_number("surplus", within(page_count(table) - 1 - counted, -1, 1));
	json_array("entries");
	for (int i = 0; i < PTRS_PER_PTE; i++)
		print_entry(table[i], level, addr + (u64)i * granule_of(level));
	json_end();
}

static void print_tlb(void)
{
	json_object("tlb");
	switch (tlb.what) {
	case HOLDS_NOTHING:
		json_string("kind", "empty");
		break;
	case HOLDS_LEAF:
		json_string("kind", "leaf");
		json_number("level", tlb.level);
		json_bool("w", tlb.w);
		json_bool("x", tlb.x);
		break;
	case HOLDS_TABLE:
		json_string("kind", "walk");
		json_number("level", tlb.level);
		break;
	case FREED_TABLE_HELD:
	case HELD_ENTRY_REPLACED:
		json_string("kind", "hazard");
		json_string("what", tlb.what == FREED_TABLE_HELD ? "freed table still cached" : "valid entry replaced while cached");
		break;
	}
	json_end();
}

SUBJECT_STATE
{
	/* What is neither free nor in the tree, less what was freed twice. After a walk in a freed page it is not kept. */
	int lost = used_after_free ? 0 : pages_in_use() - 1 - tables_below(root(), ROOT_LEVEL) - put_too_often;

	json_object("root");
	print_page(root(), ROOT_LEVEL, 0);
	json_end();
	json_number("lost", within(lost, -1, 1));
	json_bool("usedAfterFree", used_after_free);
	print_tlb();
}
