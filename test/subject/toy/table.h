/* A table of two levels: a root of two tables, each with two pages. test/subject/toy-model.ts is its model. */
enum { PAGES = 4, TABLES = 2 };
enum page { UNMAPPED, MAPPED, SHARED };

struct table {
	int *root[TABLES];	/* a table: an enum page for each of its pages */
	int tables[TABLES][2];	/* memory for tables */
	int in_use[TABLES];
	int free, shared;
	int sequence, busy;	/* of BUG_SEQUENCE */
};

int table_map(struct table *table, int page);
int table_unmap(struct table *table, int page);
int table_share(struct table *table, int page);
int table_unshare(struct table *table, int page);
enum page table_page(const struct table *table, int page);
