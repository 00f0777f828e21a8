/* The table as a subject of the model toy. */
#define SUBJECT_MODEL "toy"
#define SUBJECT_VARIANT "right"
#define SUBJECT_NAME "a \"table\" in C"
#define SUBJECT_RIVALS "map", "unmap"
#include "subject.h"
#include "table.h"

static struct table table;

SUBJECT_SETUP
{
	table.free = TABLES;
}

/* Another CPU may come between the lock-free look and the change. */
SUBJECT_CALL(map)
{
	subject_point();
	return table_map(&table, (int)arg_int("page"));
}

SUBJECT_CALL(unmap)
{
	subject_point();
	return table_unmap(&table, (int)arg_int("page"));
}

SUBJECT_CALL(share)
{
	return table_share(&table, (int)arg_int("page"));
}

SUBJECT_CALL(unshare)
{
	return table_unshare(&table, (int)arg_int("page"));
}

SUBJECT_CALL(count)
{
	if (table.shared == 0)
		return subject_disabled("nothing is shared");
	return subject_value((unsigned long)table.shared);
}

SUBJECT_STATE
{
	static const char *const words[] = { "unmapped", "mapped", "shared" };

	json_array("root");
	for (int i = 0; i < TABLES; i++)
		json_string(NULL, table.root[i] ? "table" : "none");
	json_end();
	json_array("pages");
	for (int i = 0; i < PAGES; i++)
		json_string(NULL, words[table_page(&table, i)]);
	json_end();
	json_number("free", table.free);
	json_number("shared", table.shared);
}
