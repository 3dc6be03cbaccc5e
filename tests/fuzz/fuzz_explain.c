/* SPDX-License-Identifier: ISC */
/*
 * Calls as text of any bytes: an error with a place in the line, or a call that
 * prints itself; and what is printed is a call that prints the same.
 */
#include <errno.h>

#include "arch/arch.h"
#include "lib/strbuf.h"
#include "tests/fuzz/fuzz.h"
#include "tracer/calltext.h"

enum { LONGEST = 4096, ARENA = 1 << 20 };

static struct arena arena;

static int
parse(const char *line, const struct abi *abi, struct sysevent *ev)
{
	struct calltext_notes notes;
	struct calltext_error error = { .column = 0 };
	int r = calltext_parse(line, abi, &arena, ev, &notes, &error);

	MUST(r == 0 || r == -EINVAL || r == -ENOMSG, "%d", r);
	MUST(r != -EINVAL || (error.text[0] && error.column >= 1 && error.column <= strlen(line) + 1),
	    "column %u of %zu: %s", error.column, strlen(line), error.text);
	return r;
}

static bool
plain(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static void
check_printed(const struct sysevent *ev, const struct abi *abi)
{
	static char first[1 << 14], second[1 << 14];
	struct strbuf a = STRBUF(first), b = STRBUF(second);
	struct sysevent again;

	sysevent_print(ev, &a);
	MUST(plain(a.s), "foreign bytes in what is printed");
	/* What was cut short says less than there was. */
	if (ev->id == SYS_ID_none || a.truncated || strstr(a.s, "...") || parse(a.s, abi, &again))
		return;
	sysevent_print(&again, &b);
	MUST(!strcmp(a.s, b.s), "printed %s\nand again %s", a.s, b.s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct arch *arch = arch_at(0);
	char line[LONGEST + 1];
	struct sysevent ev;

	if (n > LONGEST)
		return 0;
	if (!arena.base)
		arena_init(&arena, ARENA);
	memcpy(line, bytes, n);
	line[n] = '\0';
	for (size_t i = 0; i < arch->nabis; i++) {
		arena_reset(&arena);
		if (!parse(line, &arch->abis[i], &ev))
			check_printed(&ev, &arch->abis[i]);
	}
	return 0;
}
