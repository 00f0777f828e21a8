/* SPDX-License-Identifier: MIT */
/*
 * subject.h: makes C code a subject of pagelaw.
 *
 * A subject is a program that pagelaw asks what a call does. It makes the call on the code under test, and answers with the result
 * and the state after it. The conversation is described in src/subject/README.md; this header holds all of it, so that a harness
 * says only what is special about the code under test:
 *
 *	#define SUBJECT_MODEL "toy-table"
 *	#include "subject.h"
 *
 *	SUBJECT_SETUP				// what is there before the first call
 *	{
 *		table_init(&table);
 *	}
 *
 *	SUBJECT_CALL(map)			// a call, by the name that the model has for it
 *	{
 *		return table_map(&table, arg_int("page"), arg_is("prot", "rw"));
 *	}
 *
 *	SUBJECT_STATE				// the state, in the shape that the model gives it
 *	{
 *		json_array("entries");
 *		for (int i = 0; i < ENTRIES; i++)
 *			json_string(NULL, table_maps(&table, i) ? "mapped" : "zero");
 *		json_end();
 *	}
 *
 * Include it in one file only, and build that together with the code under test: gcc harness.c table.c -o table.
 *
 * What a call returns:
 *	0			the call succeeded
 *	-EPERM, ...		it failed with this errno, by Linux's numbers
 *	subject_value(3)	it succeeded and returned this number, or subject_value_name("NULL")
 *	subject_disabled("..")	there is no such call in this state; nothing was done
 *
 * What the code under test, or its stubs, call:
 *	subject_warn(condition, text)	a WARN_ON(): the text is reported; the value is the condition
 *	subject_panic(text)		a BUG_ON(): the call ends here, as a panic
 *	subject_point()			before each access to shared memory: another CPU may go on here, see "Two CPUs" below
 *	subject_wait()			this CPU waits for a lock that the other one has
 *
 * What a harness may define before it includes this file:
 *	SUBJECT_NAME			a text for reports: "pgtable.c of Linux 7.2"
 *	SUBJECT_VARIANT			the variant of the model that the code is; if not defined, it can be any
 *	SUBJECT_UNOBSERVED		parts of the state that are not printed: "ffa", "vms[].memcache"
 *	SUBJECT_RIVALS			calls that can run on a second CPU: "map", "unmap"
 * and, as SUBJECT_SETUP is defined, SUBJECT_CONFIG: it prints the parameters of the configuration that the program is built for.
 *
 * The state that calls start from is a copy of all variables of the program, .data and .bss. Nothing has to be registered, but what
 * the code under test changes must be a variable: no malloc(), no file, no thread. The kit's own memory is on the heap, and so is not
 * part of any copy. The C library must not be linked statically, or its variables were.
 *
 * Sanitizers: -fsanitize=undefined, and -fsanitize=address with gcc or with clang -shared-libsan.
 */
#ifndef PAGELAW_SUBJECT_H
#define PAGELAW_SUBJECT_H

#ifndef SUBJECT_MODEL
#error "define SUBJECT_MODEL, the id of the model, before subject.h is included"
#endif

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define SUBJECT_PROTOCOL 1

/* What the code under test calls, from other files as well. */
bool subject_warn(bool condition, const char *text);
__attribute__((noreturn)) void subject_panic(const char *text);
void subject_point(void);
void subject_wait(void);

/* ------------------------------------------------------------------------------------------------------------------------------
 * What a harness defines.
 */

#define SUBJECT_SETUP static void subject_setup(void)
#define SUBJECT_STATE static void subject_print_state(void)
#define SUBJECT_CALL(name)                                                             \
	static int subject_call_##name(void);                                          \
	__attribute__((constructor)) static void subject_has_##name(void)              \
	{                                                                              \
		subject_add_call(#name, subject_call_##name);                          \
	}                                                                              \
	static int subject_call_##name(void)
#define SUBJECT_CONFIG                                                                 \
	static void subject_config(void);                                              \
	__attribute__((constructor)) static void subject_has_config(void)              \
	{                                                                              \
		subject_print_config = subject_config;                                 \
	}                                                                              \
	static void subject_config(void)

/* A function of this header that a harness does not use is no reason for a warning. */
#define SUBJECT_API __attribute__((unused)) static

static void subject_setup(void);
static void subject_print_state(void);
__attribute__((unused)) static void subject_add_call(const char *name, int (*run)(void));

enum {
	SUBJECT_MAX_CALLS = 64,		/* calls of a harness */
	SUBJECT_MAX_ARGS = 32,		/* members of a request */
	SUBJECT_MAX_WARNINGS = 8,	/* texts of one call; more are not kept */
	SUBJECT_MAX_DEPTH = 32,		/* objects and arrays inside each other */
	SUBJECT_MAX_PREEMPTIONS = 64,	/* points of one request */
	SUBJECT_STACK = 256 * 1024,	/* bytes of stack for each of two CPUs */
	SUBJECT_BLOCK = 64,		/* bytes; a copy of memory holds the blocks that differ from the first copy */
};

/* No errno has these numbers. */
enum {
	SUBJECT_DISABLED = INT_MIN,	/* subject_disabled() */
	SUBJECT_VALUE,			/* subject_value() */
	SUBJECT_PANIC,			/* subject_panic() */
};

struct subject_text {
	char *at;
	size_t length, room;
};

/* A member of a request. The value is text: of a string without quotes, of an object or array as it was sent. */
struct subject_arg {
	const char *key, *value;
};

/* A request, taken apart. */
struct subject_request {
	struct subject_text text;	/* what the members point into */
	struct subject_arg args[SUBJECT_MAX_ARGS];
	int nargs;
};

/* A call that is being made. */
struct subject_cpu {
	const struct subject_request *request;
	int (*run)(void);
	int returned;
	bool ended;
	char value[64];				/* JSON: what a successful call returned */
	const char *reason;			/* of a panic, or why a call is disabled */
	const char *warnings[SUBJECT_MAX_WARNINGS];
	int nwarnings;
	jmp_buf top;				/* where a panic goes */
	ucontext_t context;			/* with two CPUs: where it has stopped */
	char *stack;
};

/* A copy of memory: numbers of blocks, and the contents of these one after the other. */
struct subject_slot {
	uint32_t *blocks;
	unsigned char *contents;
	size_t count;
};

/* All that the kit keeps. It is allocated, so that no copy of memory holds it. */
struct subject_kit {
	struct subject_text input, answer, output, before;
	struct subject_request request, rival;
	char brackets[SUBJECT_MAX_DEPTH];	/* what ends the objects and arrays that are open */
	int depth;
	bool comma;				/* the next member needs one */

	struct subject_cpu cpus[2], *cpu;	/* `cpu` makes a call now; NULL between calls */
	bool two;				/* both CPUs have a call */
	long points, preempt[SUBJECT_MAX_PREEMPTIONS];
	int npreempt, preempted;
	ucontext_t both_ended;

	unsigned char *first;			/* memory as it is after the setup */
	struct subject_slot *slots, scratch;
	long nslots;
	long before_slot;			/* the slot whose state the text `before` is; -1: of none */
};

/* These are variables of the program and in every copy of memory, but they do not change after the setup. */
static struct subject_kit *subject;
static void (*subject_print_config)(void);
static int subject_ncalls;
static struct {
	const char *name;
	int (*run)(void);
} subject_calls[SUBJECT_MAX_CALLS];

/* The subject is at its end: it says why, in place of an answer, and exits. */
SUBJECT_API __attribute__((noreturn, format(printf, 1, 2))) void subject_fatal(const char *format, ...);

static void subject_add_call(const char *name, int (*run)(void))
{
	if (subject_ncalls == SUBJECT_MAX_CALLS)
		subject_fatal("more than %d calls", SUBJECT_MAX_CALLS);
	subject_calls[subject_ncalls].name = name;
	subject_calls[subject_ncalls++].run = run;
}

static void *subject_alloc(void *old, size_t size)
{
	void *at = realloc(old, size);

	if (!at)
		subject_fatal("out of memory");
	return at;
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Text and JSON. A member of an object has a key; an element of an array has NULL.
 */

static void subject_room(struct subject_text *text, size_t more)
{
	if (text->length + more <= text->room)
		return;
	text->room = 2 * (text->length + more) + 4096;
	text->at = subject_alloc(text->at, text->room);
}

static void subject_append(struct subject_text *text, const char *what, size_t length)
{
	subject_room(text, length);
	memcpy(text->at + text->length, what, length);
	text->length += length;
}

static void subject_put(char c)
{
	subject_append(&subject->answer, &c, 1);
}

static void subject_puts(const char *what)
{
	subject_append(&subject->answer, what, strlen(what));
}

static void subject_quote(const char *what)
{
	static const char hex[] = "0123456789abcdef";

	subject_put('"');
	for (;;) {
		size_t plain = 0;

		while ((unsigned char)what[plain] >= 0x20 && what[plain] != '"' && what[plain] != '\\')
			plain++;
		subject_append(&subject->answer, what, plain);
		what += plain;
		if (!*what)
			break;
		if (*what == '"' || *what == '\\') {
			subject_put('\\');
			subject_put(*what);
		} else {
			subject_puts("\\u00");
			subject_put(hex[(unsigned char)*what >> 4]);
			subject_put(hex[*what & 15]);
		}
		what++;
	}
	subject_put('"');
}

static void subject_key(const char *key)
{
	if (subject->comma)
		subject_put(',');
	if (key) {
		subject_quote(key);
		subject_put(':');
	}
	subject->comma = true;
}

static void subject_open(const char *key, char open, char close)
{
	subject_key(key);
	subject_put(open);
	if (subject->depth == SUBJECT_MAX_DEPTH)
		subject_fatal("more than %d objects and arrays inside each other", SUBJECT_MAX_DEPTH);
	subject->brackets[subject->depth++] = close;
	subject->comma = false;
}

SUBJECT_API void json_object(const char *key)
{
	subject_open(key, '{', '}');
}

SUBJECT_API void json_array(const char *key)
{
	subject_open(key, '[', ']');
}

/* Ends the object or array that was begun last. */
SUBJECT_API void json_end(void)
{
	if (subject->depth == 0)
		subject_fatal("json_end() without json_object() or json_array()");
	subject_put(subject->brackets[--subject->depth]);
	subject->comma = true;
}

SUBJECT_API void json_number(const char *key, long long value)
{
	char digits[24];
	size_t at = sizeof(digits);
	unsigned long long left = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;

	subject_key(key);
	do
		digits[--at] = (char)('0' + left % 10);
	while (left /= 10);
	if (value < 0)
		digits[--at] = '-';
	subject_append(&subject->answer, digits + at, sizeof(digits) - at);
}

SUBJECT_API void json_bool(const char *key, bool value)
{
	subject_key(key);
	subject_puts(value ? "true" : "false");
}

SUBJECT_API void json_string(const char *key, const char *value)
{
	subject_key(key);
	subject_quote(value);
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Arguments of the call that is being made. A harness that asks for one that the call does not have is wrong, and ends.
 */

static const char *subject_find(const struct subject_request *request, const char *key)
{
	for (int i = 0; i < request->nargs; i++)
		if (strcmp(request->args[i].key, key) == 0)
			return request->args[i].value;
	return NULL;
}

static long subject_integer(const char *key, const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end)
		subject_fatal("%s is %s, which is no integer", key, text);
	return value;
}

SUBJECT_API bool arg_given(const char *key)
{
	return subject_find(subject->cpu->request, key) != NULL;
}

SUBJECT_API const char *arg_string(const char *key)
{
	const char *value = subject_find(subject->cpu->request, key);

	if (!value)
		subject_fatal("the call has no argument %s", key);
	return value;
}

SUBJECT_API bool arg_is(const char *key, const char *value)
{
	return strcmp(arg_string(key), value) == 0;
}

SUBJECT_API bool arg_bool(const char *key)
{
	return arg_is(key, "true");
}

SUBJECT_API long arg_int(const char *key)
{
	return subject_integer(key, arg_string(key));
}

/* A range that is named by its two ends: "2" or "1-2". */
SUBJECT_API void arg_range(const char *key, long *first, long *last)
{
	const char *text = arg_string(key);
	char *end;

	*first = *last = strtol(text, &end, 10);
	if (end != text && *end == '-')
		*last = strtol(end + 1, &end, 10);
	if (end == text || *end)
		subject_fatal("%s is %s, which is no range", key, text);
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * What a call returns, and what may not happen in it.
 */

SUBJECT_API int subject_disabled(const char *reason)
{
	subject->cpu->reason = reason;
	return SUBJECT_DISABLED;
}

SUBJECT_API int subject_value(unsigned long value)
{
	snprintf(subject->cpu->value, sizeof(subject->cpu->value), "%lu", value);
	return SUBJECT_VALUE;
}

SUBJECT_API int subject_value_name(const char *name)
{
	snprintf(subject->cpu->value, sizeof(subject->cpu->value), "\"%s\"", name);
	return SUBJECT_VALUE;
}

/* The texts have to stay: string constants. */
bool subject_warn(bool condition, const char *text)
{
	struct subject_cpu *cpu = subject->cpu;

	if (!condition)
		return false;
	if (!cpu)
		subject_fatal("outside of a call: %s", text);
	if (cpu->nwarnings < SUBJECT_MAX_WARNINGS)
		cpu->warnings[cpu->nwarnings++] = text;
	return true;
}

void subject_panic(const char *text)
{
	if (!subject->cpu)
		subject_fatal("outside of a call: %s", text);
	subject->cpu->reason = text;
	longjmp(subject->cpu->top, 1);
}

/* Not inlined: after a longjmp() the variables of the function that called setjmp() cannot be relied on. */
__attribute__((noinline)) static void subject_run(struct subject_cpu *cpu)
{
	cpu->nwarnings = 0;
	cpu->reason = NULL;
	cpu->value[0] = 0;
	cpu->ended = false;
	if (setjmp(cpu->top) == 0)
		cpu->returned = cpu->run();
	else
		cpu->returned = SUBJECT_PANIC;
	cpu->ended = true;
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Two CPUs: each has a stack and a call; one goes on at a time. The other one goes on at the points that the request lists, when a
 * CPU waits for a lock, and when a call has ended.
 */

static void subject_other_goes_on(void)
{
	struct subject_cpu *here = subject->cpu;
	struct subject_cpu *there = &subject->cpus[here == subject->cpus];

	if (there->ended)
		return;
	subject->cpu = there;
	swapcontext(&here->context, &there->context);
}

/* Whether there are two CPUs, and neither has ended its call. */
SUBJECT_API bool subject_two_cpus(void)
{
	return subject->two && !subject->cpus[0].ended && !subject->cpus[1].ended;
}

/* The CPU that makes a call now: 0, or 1 for the second one. */
SUBJECT_API int subject_this_cpu(void)
{
	return subject->cpu == &subject->cpus[1];
}

/* Before each access to shared memory. */
void subject_point(void)
{
	if (!subject_two_cpus())
		return;
	subject->points++;
	if (subject->preempted < subject->npreempt && subject->preempt[subject->preempted] == subject->points) {
		subject->preempted++;
		subject_other_goes_on();
	}
}

/* This CPU waits for a lock. If nobody else can go on, it waits for ever. */
void subject_wait(void)
{
	if (!subject_two_cpus())
		subject_panic("deadlock: a lock that nobody gives back");
	subject_other_goes_on();
}

static void subject_on_its_stack(void)
{
	struct subject_cpu *cpu = subject->cpu;

	subject_run(cpu);
	if (cpu->returned != SUBJECT_PANIC)
		subject_other_goes_on();
	setcontext(&subject->both_ended);
}

/* Not inlined: getcontext() returns twice, as setjmp() does. */
__attribute__((noinline)) static void subject_prepare_stack(struct subject_cpu *cpu)
{
	if (!cpu->stack)
		cpu->stack = subject_alloc(NULL, SUBJECT_STACK);
	cpu->ended = false;
	getcontext(&cpu->context);
	cpu->context.uc_stack.ss_sp = cpu->stack;
	cpu->context.uc_stack.ss_size = SUBJECT_STACK;
	cpu->context.uc_link = NULL;
	makecontext(&cpu->context, subject_on_its_stack, 0);
}

static void subject_run_both(void)
{
	for (int i = 0; i < 2; i++)
		subject_prepare_stack(&subject->cpus[i]);
	subject->two = true;
	subject->points = subject->preempted = 0;
	subject->cpu = &subject->cpus[0];
	swapcontext(&subject->both_ended, &subject->cpus[0].context);
	subject->two = false;

	/* A call is not continued when the other one has panicked. */
	for (int i = 0; i < 2; i++) {
		struct subject_cpu *cpu = &subject->cpus[i];

		if (cpu->ended)
			continue;
		cpu->returned = SUBJECT_DISABLED;
		cpu->reason = "the other call panicked";
		cpu->nwarnings = 0;
	}
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Copies of memory. AddressSanitizer looks at memcpy(), and there are places between variables that it forbids.
 */

extern unsigned char __data_start[], _end[];

#if defined(__SANITIZE_ADDRESS__)
#define SUBJECT_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SUBJECT_ASAN
#endif
#endif

#ifdef SUBJECT_ASAN
__attribute__((no_sanitize("address"))) static void subject_copy(unsigned char *to, const unsigned char *from, size_t size)
{
	volatile unsigned char *at = to;

	for (size_t i = 0; i < size; i++)
		at[i] = from[i];
}

__attribute__((no_sanitize("address"))) static bool subject_differs(const unsigned char *a, const unsigned char *b, size_t size)
{
	const volatile unsigned char *at = a;

	for (size_t i = 0; i < size; i++)
		if (at[i] != b[i])
			return true;
	return false;
}
#else
static void subject_copy(unsigned char *to, const unsigned char *from, size_t size)
{
	memcpy(to, from, size);
}

static bool subject_differs(const unsigned char *a, const unsigned char *b, size_t size)
{
	return memcmp(a, b, size) != 0;
}
#endif

static size_t subject_memory(void)
{
	return (size_t)((uintptr_t)_end - (uintptr_t)__data_start);
}

/* The last block may be shorter. */
static size_t subject_block_size(size_t block)
{
	size_t left = subject_memory() - block * SUBJECT_BLOCK;

	return left < SUBJECT_BLOCK ? left : SUBJECT_BLOCK;
}

static void subject_remember_first(void)
{
	size_t blocks = subject_memory() / SUBJECT_BLOCK + 1;

	subject->scratch.blocks = subject_alloc(NULL, blocks * sizeof(uint32_t));
	subject->scratch.contents = subject_alloc(NULL, blocks * SUBJECT_BLOCK);
	subject->first = subject_alloc(NULL, subject_memory() + 1);
	subject_copy(subject->first, __data_start, subject_memory());
}

static void subject_save(long slot)
{
	struct subject_slot *scratch = &subject->scratch, *kept;
	size_t count = 0;

	for (size_t block = 0; block * SUBJECT_BLOCK < subject_memory(); block++) {
		size_t at = block * SUBJECT_BLOCK, size = subject_block_size(block);

		if (!subject_differs(__data_start + at, subject->first + at, size))
			continue;
		scratch->blocks[count] = (uint32_t)block;
		subject_copy(scratch->contents + count++ * SUBJECT_BLOCK, __data_start + at, size);
	}
	if (slot >= subject->nslots) {
		long more = 2 * slot + 64;

		subject->slots = subject_alloc(subject->slots, (size_t)more * sizeof(*kept));
		memset(subject->slots + subject->nslots, 0, (size_t)(more - subject->nslots) * sizeof(*kept));
		subject->nslots = more;
	}
	kept = &subject->slots[slot];
	if (kept->count != count || !kept->blocks) {
		kept->blocks = subject_alloc(kept->blocks, count * sizeof(uint32_t) + 1);
		kept->contents = subject_alloc(kept->contents, count * SUBJECT_BLOCK + 1);
		kept->count = count;
	}
	memcpy(kept->blocks, scratch->blocks, count * sizeof(uint32_t));
	memcpy(kept->contents, scratch->contents, count * SUBJECT_BLOCK);
	if (subject->before_slot == slot)
		subject->before_slot = -1;
}

static void subject_reset(void)
{
	subject_copy(__data_start, subject->first, subject_memory());
}

static void subject_restore(long slot)
{
	const struct subject_slot *kept = slot >= 0 && slot < subject->nslots ? &subject->slots[slot] : NULL;

	if (!kept || !kept->blocks)
		subject_fatal("slot %ld is empty", slot);
	subject_reset();
	for (size_t i = 0; i < kept->count; i++) {
		size_t block = kept->blocks[i];

		subject_copy(__data_start + block * SUBJECT_BLOCK, kept->contents + i * SUBJECT_BLOCK, subject_block_size(block));
	}
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Requests: one line of JSON each. The text is changed where it stands: strings end with a zero, escapes become what they say.
 */

static char *subject_blanks(char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static unsigned subject_hex(const char *at)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		char c = at[i];
		unsigned digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 16;

		if (digit == 16)
			subject_fatal("a request with a wrong \\u escape");
		value = value * 16 + digit;
	}
	return value;
}

static char *subject_utf8(char *to, unsigned code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 63));
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 63));
		*to++ = (char)(0x80 | (code & 63));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 63));
		*to++ = (char)(0x80 | (code >> 6 & 63));
		*to++ = (char)(0x80 | (code & 63));
	}
	return to;
}

/* `at` is after the opening quote. Returns what is after the closing one. */
static char *subject_unquote(char *at, const char **value)
{
	static const char escapes[] = "b\bf\fn\nr\rt\t";
	char *to = at;

	*value = at;
	while (*at != '"') {
		const char *escape;
		unsigned code;

		if (!*at)
			subject_fatal("a request whose string does not end");
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		at++;
		if (*at == 'u') {
			code = subject_hex(at + 1);
			at += 5;
			if (code >= 0xd800 && code < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
				code = 0x10000 + ((code - 0xd800) << 10) + (subject_hex(at + 2) - 0xdc00);
				at += 6;
			}
			to = subject_utf8(to, code);
			continue;
		}
		escape = *at && strchr("bfnrt", *at) ? strchr(escapes, *at) : NULL;
		*to++ = escape ? escape[1] : *at;
		at++;
	}
	*to = 0;
	return at + 1;
}

/* `at` is at an opening bracket. Returns what is after the closing one. */
static char *subject_skip(char *at)
{
	int depth = 0;
	bool quoted = false;

	for (; *at; at++) {
		if (quoted) {
			if (*at == '\\' && at[1])
				at++;
			else if (*at == '"')
				quoted = false;
		} else if (*at == '"') {
			quoted = true;
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if ((*at == '}' || *at == ']') && --depth == 0) {
			return at + 1;
		}
	}
	subject_fatal("a request that ends inside an object or array");
}

static void subject_parse(struct subject_request *request, const char *line, size_t length)
{
	char *at, after;

	request->text.length = 0;
	subject_append(&request->text, line, length);
	subject_append(&request->text, "", 1);
	request->nargs = 0;
	at = subject_blanks(request->text.at);
	if (*at != '{')
		subject_fatal("a request that is no JSON object");
	at = subject_blanks(at + 1);
	while (*at != '}') {
		struct subject_arg *arg = &request->args[request->nargs++];

		if (request->nargs > SUBJECT_MAX_ARGS)
			subject_fatal("a request with more than %d members", SUBJECT_MAX_ARGS);
		if (*at != '"')
			subject_fatal("a request with a key that is no string");
		at = subject_blanks(subject_unquote(at + 1, &arg->key));
		if (*at != ':')
			subject_fatal("a request with a key that no colon follows");
		at = subject_blanks(at + 1);
		arg->value = at;
		if (*at == '"')
			at = subject_unquote(at + 1, &arg->value);
		else if (*at == '{' || *at == '[')
			at = subject_skip(at);
		else
			at += strcspn(at, ",} \t\r");
		after = *at;
		*at = 0;
		if (after == ' ' || after == '\t' || after == '\r') {
			at = subject_blanks(at + 1);
			after = *at;
		}
		if (after != ',' && after != '}')
			subject_fatal("a request with a member that neither a comma nor the end follows");
		if (after == '}')
			break;
		at = subject_blanks(at + 1);
	}
}

/* ------------------------------------------------------------------------------------------------------------------------------
 * Answers.
 */

static void subject_flush(void)
{
	size_t done = 0;

	while (done < subject->output.length) {
		ssize_t n = write(STDOUT_FILENO, subject->output.at + done, subject->output.length - done);

		if (n <= 0)
			exit(70);
		done += (size_t)n;
	}
	subject->output.length = 0;
}

static long subject_number_of(const char *key)
{
	const char *text = subject_find(&subject->request, key);

	return text ? subject_integer(key, text) : 0;
}

static void subject_begin_answer(void)
{
	subject->answer.length = 0;
	subject->depth = 0;
	subject->comma = false;
	json_object(NULL);
	json_number("id", subject_number_of("_id"));
}

static void subject_end_answer(void)
{
	json_end();
	if (subject->depth != 0)
		subject_fatal("json_object() or json_array() without json_end()");
	subject_put('\n');
	subject_append(&subject->output, subject->answer.at, subject->answer.length);
}

void subject_fatal(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", SUBJECT_MODEL, text);
	if (subject && subject->request.nargs > 0) {
		const char *id = subject_find(&subject->request, "_id");

		subject->answer.length = 0;
		subject->depth = 0;
		subject->comma = false;
		json_object(NULL);
		json_number("id", id ? strtol(id, NULL, 10) : 0);
		json_string("error", text);
		json_end();
		subject_put('\n');
		subject_append(&subject->output, subject->answer.at, subject->answer.length);
		subject_flush();
	}
	exit(70);
}

static const char *subject_errno_name(int number)
{
#define E(name, number) case number: return #name;
	switch (number) {
	E(EPERM, 1) E(ENOENT, 2) E(ESRCH, 3) E(EINTR, 4) E(EIO, 5) E(ENXIO, 6) E(E2BIG, 7) E(ENOEXEC, 8) E(EBADF, 9)
	E(ECHILD, 10) E(EAGAIN, 11) E(ENOMEM, 12) E(EACCES, 13) E(EFAULT, 14) E(ENOTBLK, 15) E(EBUSY, 16)
	E(EEXIST, 17) E(EXDEV, 18) E(ENODEV, 19) E(ENOTDIR, 20) E(EISDIR, 21) E(EINVAL, 22) E(ENFILE, 23)
	E(EMFILE, 24) E(ENOTTY, 25) E(ETXTBSY, 26) E(EFBIG, 27) E(ENOSPC, 28) E(ESPIPE, 29) E(EROFS, 30) E(EMLINK, 31)
	E(EPIPE, 32) E(EDOM, 33) E(ERANGE, 34) E(EDEADLK, 35) E(ENAMETOOLONG, 36) E(ENOLCK, 37) E(ENOSYS, 38)
	E(ENOTEMPTY, 39) E(ELOOP, 40) E(ENOMSG, 42) E(EIDRM, 43) E(ECHRNG, 44) E(EL2NSYNC, 45) E(EL3HLT, 46)
	E(EL3RST, 47) E(ELNRNG, 48) E(EUNATCH, 49) E(ENOCSI, 50) E(EL2HLT, 51) E(EBADE, 52) E(EBADR, 53) E(EXFULL, 54)
	E(ENOANO, 55) E(EBADRQC, 56) E(EBADSLT, 57) E(EBFONT, 59) E(ENOSTR, 60) E(ENODATA, 61) E(ETIME, 62)
	E(ENOSR, 63) E(ENONET, 64) E(ENOPKG, 65) E(EREMOTE, 66) E(ENOLINK, 67) E(EADV, 68) E(ESRMNT, 69) E(ECOMM, 70)
	E(EPROTO, 71) E(EMULTIHOP, 72) E(EDOTDOT, 73) E(EBADMSG, 74) E(EOVERFLOW, 75) E(ENOTUNIQ, 76) E(EBADFD, 77)
	E(EREMCHG, 78) E(ELIBACC, 79) E(ELIBBAD, 80) E(ELIBSCN, 81) E(ELIBMAX, 82) E(ELIBEXEC, 83) E(EILSEQ, 84)
	E(ERESTART, 85) E(ESTRPIPE, 86) E(EUSERS, 87) E(ENOTSOCK, 88) E(EDESTADDRREQ, 89) E(EMSGSIZE, 90)
	E(EPROTOTYPE, 91) E(ENOPROTOOPT, 92) E(EPROTONOSUPPORT, 93) E(ESOCKTNOSUPPORT, 94) E(EOPNOTSUPP, 95)
	E(EPFNOSUPPORT, 96) E(EAFNOSUPPORT, 97) E(EADDRINUSE, 98) E(EADDRNOTAVAIL, 99) E(ENETDOWN, 100)
	E(ENETUNREACH, 101) E(ENETRESET, 102) E(ECONNABORTED, 103) E(ECONNRESET, 104) E(ENOBUFS, 105) E(EISCONN, 106)
	E(ENOTCONN, 107) E(ESHUTDOWN, 108) E(ETOOMANYREFS, 109) E(ETIMEDOUT, 110) E(ECONNREFUSED, 111)
	E(EHOSTDOWN, 112) E(EHOSTUNREACH, 113) E(EALREADY, 114) E(EINPROGRESS, 115) E(ESTALE, 116) E(EUCLEAN, 117)
	E(ENOTNAM, 118) E(ENAVAIL, 119) E(EISNAM, 120) E(EREMOTEIO, 121) E(EDQUOT, 122) E(ENOMEDIUM, 123)
	E(EMEDIUMTYPE, 124) E(ECANCELED, 125) E(ENOKEY, 126) E(EKEYEXPIRED, 127) E(EKEYREVOKED, 128)
	E(EKEYREJECTED, 129) E(EOWNERDEAD, 130) E(ENOTRECOVERABLE, 131) E(ERFKILL, 132) E(EHWPOISON, 133)
	E(ERESTARTSYS, 512) E(ERESTARTNOINTR, 513) E(ERESTARTNOHAND, 514) E(ENOIOCTLCMD, 515) E(EPROBE_DEFER, 517)
	E(EOPENSTALE, 518) E(ENOPARAM, 519) E(ENOTSUPP, 524)
	}
#undef E
	subject_fatal("the call returned %d, which is no errno of Linux", -number);
}

static void subject_print_result(const struct subject_cpu *cpu)
{
	const char *result;

	switch (cpu->returned) {
	case 0:
	case SUBJECT_VALUE:
		result = "ok";
		break;
	case SUBJECT_DISABLED:
		result = "disabled";
		break;
	case SUBJECT_PANIC:
		result = "panic";
		break;
	default:
		result = subject_errno_name(-cpu->returned);
	}
	json_string("result", result);
	if (cpu->returned == SUBJECT_VALUE) {
		subject_key("value");
		subject_puts(cpu->value);
	}
	if (cpu->reason)
		json_string("reason", cpu->reason);
	if (cpu->nwarnings > 0) {
		json_array("warnings");
		for (int i = 0; i < cpu->nwarnings; i++)
			json_string(NULL, cpu->warnings[i]);
		json_end();
	}
}

/* The text of the state goes into `before`, and nothing else is changed. */
static void subject_print_before(long slot)
{
	struct subject_text answer = subject->answer;

	subject->answer = subject->before;
	subject->answer.length = 0;
	subject->comma = false;
	json_object(NULL);
	subject_print_state();
	json_end();
	subject->before = subject->answer;
	subject->answer = answer;
	subject->before_slot = slot;
}

/* The state, or that it is the one before. */
static void subject_print_after(bool compare)
{
	size_t key = subject->answer.length, state;

	subject_key("state");
	state = subject->answer.length;
	subject->comma = false;
	json_object(NULL);
	subject_print_state();
	json_end();
	if (!compare || subject->answer.length - state != subject->before.length ||
	    memcmp(subject->answer.at + state, subject->before.at, subject->before.length) != 0)
		return;
	subject->answer.length = key;
	json_bool("same", true);
}

static void subject_strings(const char *key, const char *const *strings)
{
	json_array(key);
	for (; *strings; strings++)
		json_string(NULL, *strings);
	json_end();
}

static void subject_hello(void)
{
	static const char *const unobserved[] = {
#ifdef SUBJECT_UNOBSERVED
		SUBJECT_UNOBSERVED,
#endif
		NULL
	};
	static const char *const rivals[] = {
#ifdef SUBJECT_RIVALS
		SUBJECT_RIVALS,
#endif
		NULL
	};

	subject_begin_answer();
	json_number("protocol", SUBJECT_PROTOCOL);
	json_string("model", SUBJECT_MODEL);
#ifdef SUBJECT_NAME
	json_string("name", SUBJECT_NAME);
#endif
#ifdef SUBJECT_VARIANT
	json_string("variant", SUBJECT_VARIANT);
#endif
	if (subject_print_config) {
		json_object("config");
		subject_print_config();
		json_end();
	}
	json_array("calls");
	for (int i = 0; i < subject_ncalls; i++)
		json_string(NULL, subject_calls[i].name);
	json_end();
	subject_strings("unobserved", unobserved);
	subject_strings("rivals", rivals);
	json_bool("snapshots", true);
	subject_end_answer();
}

static void subject_prepare(struct subject_cpu *cpu, const struct subject_request *request)
{
	const char *name = subject_find(request, "_call");

	if (!name)
		subject_fatal("a request that is no hello, no reset and no call");
	cpu->request = request;
	for (int i = 0; i < subject_ncalls; i++) {
		if (strcmp(subject_calls[i].name, name) == 0) {
			cpu->run = subject_calls[i].run;
			return;
		}
	}
	subject_fatal("there is no call %s", name);
}

/* "[2,5]" */
static void subject_parse_preempt(void)
{
	const char *at = subject_find(&subject->request, "_preempt");

	subject->npreempt = 0;
	while (at && *at && *at != ']') {
		char *end;
		long point = strtol(at + 1, &end, 10);

		if (end == at + 1)
			break;
		if (subject->npreempt == SUBJECT_MAX_PREEMPTIONS)
			subject_fatal("more than %d preemptions", SUBJECT_MAX_PREEMPTIONS);
		subject->preempt[subject->npreempt++] = point;
		at = end;
	}
}

static void subject_make_call(void)
{
	const char *from = subject_find(&subject->request, "_from");
	const char *rival = subject_find(&subject->request, "_rival");
	struct subject_cpu *first = &subject->cpus[0], *second = &subject->cpus[1];
	bool kept;

	subject_prepare(first, &subject->request);
	if (rival) {
		subject_parse(&subject->rival, rival, strlen(rival));
		subject_prepare(second, &subject->rival);
		subject_parse_preempt();
	}
	if (from)
		subject_restore(subject_number_of("_from"));
	if (!from || subject->before_slot != subject_number_of("_from"))
		subject_print_before(from ? subject_number_of("_from") : -1);

	subject_begin_answer();
	subject->cpu = first;
	if (rival)
		subject_run_both();
	else
		subject_run(first);
	subject->cpu = NULL;
	kept = first->returned != SUBJECT_PANIC && first->returned != SUBJECT_DISABLED;

	subject_print_result(first);
	if (rival) {
		json_object("rival");
		subject_print_result(second);
		json_end();
		json_number("points", subject->points);
		kept = kept && second->returned != SUBJECT_PANIC && second->returned != SUBJECT_DISABLED;
	}
	if (first->returned == SUBJECT_DISABLED && !rival)
		json_bool("same", true);
	else
		subject_print_after(true);
	subject_end_answer();
	if (kept && subject_find(&subject->request, "_to"))
		subject_save(subject_number_of("_to"));
}

static void subject_answer_line(const char *line, size_t length)
{
	subject_parse(&subject->request, line, length);
	if (subject_find(&subject->request, "_hello")) {
		subject_hello();
	} else if (subject_find(&subject->request, "_reset")) {
		subject_reset();
		subject_begin_answer();
		json_string("result", "ok");
		subject_print_after(false);
		subject_end_answer();
		if (subject_find(&subject->request, "_to"))
			subject_save(subject_number_of("_to"));
	} else {
		subject_make_call();
	}
}

int main(void)
{
	struct subject_text *input;

	if ((uintptr_t)stderr >= (uintptr_t)__data_start && (uintptr_t)stderr < (uintptr_t)_end)
		subject_fatal("the C library is linked statically, so that its variables are part of every copy of memory");
	subject = calloc(1, sizeof(*subject));
	if (!subject)
		return 70;
	input = &subject->input;
	subject->before_slot = -1;
	subject_setup();
	subject_remember_first();
	for (;;) {
		size_t done = 0;
		const char *end;
		ssize_t n;

		while (input->length > done && (end = memchr(input->at + done, '\n', input->length - done))) {
			subject_answer_line(input->at + done, (size_t)(end - input->at) - done);
			done = (size_t)(end - input->at) + 1;
		}
		if (done > 0) {
			input->length -= done;
			memmove(input->at, input->at + done, input->length);
		}
		subject_flush();
		subject_room(input, 65536);
		n = read(STDIN_FILENO, input->at + input->length, input->room - input->length);
		if (n <= 0)
			return 0;
		input->length += (size_t)n;
	}
}

#endif
