/* The code under test. Each BUG_* seeds the bug that toy.mjs has by that name. */
#include "table.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

bool subject_warn(bool condition, const char *text);
void subject_panic(const char *text);
void subject_point(void);

static int *entry(const struct table *table, int page)
{
	int *leaf = table->root[page >> 1];

	return leaf ? &leaf[page & 1] : NULL;
}

enum page table_page(const struct table *table, int page)
{
	const int *at = entry(table, page);

	return at ? (enum page)*at : UNMAPPED;
}

static int *alloc_table(struct table *table)
{
	if (table->free == 0)
		return NULL;
	table->free--;
	for (int i = 0; i < TABLES; i++) {
		if (table->in_use[i])
			continue;
		table->in_use[i] = 1;
		return memset(table->tables[i], 0, sizeof(table->tables[i]));
	}
	return NULL;
}

static void free_table(struct table *table, const int *leaf)
{
	for (int i = 0; i < TABLES; i++)
		if (table->tables[i] == leaf)
			table->in_use[i] = 0;
#ifndef BUG_LEAK
	table->free++;
#endif
}

int table_map(struct table *table, int page)
{
#ifdef BUG_SEQUENCE
	int sequence = table->sequence;

	subject_point();
	if (sequence != table->sequence && table->busy)
		table->shared++;
#endif
	if (table_page(table, page) != UNMAPPED) {
#ifdef BUG_ERRNO
		return -EBUSY;
#else
		return -EEXIST;
#endif
	}
	if (!table->root[page >> 1]) {
		int *leaf;

#ifdef BUG_EARLY
		subject_point();
#endif
		leaf = alloc_table(table);

		if (!leaf) {
#ifdef BUG_WARN
			subject_warn(true, "table.c: no page");
#endif
			return -ENOMEM;
		}
		table->root[page >> 1] = leaf;
	}
	*entry(table, page) = MAPPED;
	return 0;
}

int table_unmap(struct table *table, int page)
{
	int *leaf;

#ifdef BUG_SEQUENCE
	table->sequence++;
	table->busy = 1;
	subject_point();
	table->busy = 0;
#endif
	leaf = table->root[page >> 1];
	if (table_page(table, page) == UNMAPPED)
		return -ENOENT;
	if (table_page(table, page) == SHARED)
		return -EBUSY;
	*entry(table, page) = UNMAPPED;
	if (leaf[0] == UNMAPPED && leaf[1] == UNMAPPED) {
		table->root[page >> 1] = NULL;
		free_table(table, leaf);
	}
	return 0;
}

int table_share(struct table *table, int page)
{
#ifdef BUG_HIDDEN
	static int shares;

	if (++shares % 3 == 0)
		return -EAGAIN;
#endif
	if (table_page(table, page) == UNMAPPED)
		return -ENOENT;
#ifndef BUG_COUNT
	if (table_page(table, page) == SHARED)
		return -EPERM;
#endif
	*entry(table, page) = SHARED;
	table->shared++;
	return 0;
}

int table_unshare(struct table *table, int page)
{
	if (table_page(table, page) != SHARED) {
#ifdef BUG_PANIC
		subject_panic("table.c: BUG_ON(!shared)");
#endif
		return -EPERM;
	}
	*entry(table, page) = MAPPED;
	table->shared--;
	return 0;
}
