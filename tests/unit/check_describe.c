/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sysevent.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"

#define N(number)	{ .val = (uint64_t)(number) }
#define S(text)		{ .val = 0x1000, .str = (text) }
#define M(bytes)	{ .val = 0x1000, .mem = (bytes), .len = sizeof(bytes) - 1 }

static const struct {
	const char *text;
	struct sysevent ev;
} rows[] = {
#define PRINTS(text, call, ...)	{ text, { .id = SYS_ID_##call, .arg = { __VA_ARGS__ } } },
#include "tests/cases/describe.def"
#undef PRINTS
};
enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

START_TEST(prints)
{
	char mem[1024];
	struct strbuf b = STRBUF(mem);

	sysevent_print(&rows[_i].ev, &b);
	ck_assert_str_eq(mem, rows[_i].text);
}
END_TEST

START_TEST(prints_several_messages)
{
	static const struct argval more = M("\1\0/y");
	struct sysevent ev = {
		.id = SYS_ID_sendmmsg, .arg = { N(3), M("\1\0/x"), N(2), N(0), N(1) }, .more = &more, .nmore = 1,
	};
	char mem[512];
	struct strbuf b = STRBUF(mem);

	sysevent_print(&ev, &b);
	ck_assert_str_eq(mem,
	    "sendmmsg(3, [{msg_hdr={msg_name={sa_family=AF_UNIX, sun_path=\"/x\"}, msg_namelen=4, scm_rights=1}}, "
	    "{msg_hdr={msg_name={sa_family=AF_UNIX, sun_path=\"/y\"}, msg_namelen=4}}], 2, 0)");
}
END_TEST

START_TEST(prints_unknown_calls)
{
	struct sysevent ev = { .nr = 1234, .arg = { N(1), N(0), N(-1) } };
	char mem[512];
	struct strbuf b = STRBUF(mem);

	sysevent_print(&ev, &b);
	ck_assert_str_eq(mem, "syscall_1234(0x1, 0x0, 0xffffffffffffffff, 0x0, 0x0, 0x0)");
}
END_TEST

START_TEST(cuts_long_text)
{
	char text[400], mem[512], want[512] = "unlink(\"";
	struct sysevent ev = { .id = SYS_ID_unlink, .arg = { S(text) } };
	struct strbuf b = STRBUF(mem);

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memset(want + 8, 'a', 256);
	strcpy(want + 8 + 256, "\"...)");
	sysevent_print(&ev, &b);
	ck_assert_str_eq(mem, want);
}
END_TEST

/* Whatever a program passes: nothing is read beyond what was copied, and no terminal can be fooled. */
START_TEST(prints_every_call_with_anything)
{
	static const uint64_t values[] = { 0, 1, 2, 16, 255, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 63, ~0ull };
	static const char bytes[] = "\1\0\xff\x1b[31m\n";
	char mem[4096];

	for (unsigned id = 0; id < SYS_IDS; id++) {
		for (size_t v = 0; v < 3 * sizeof(values) / sizeof(values[0]); v++) {
			struct strbuf b = STRBUF(mem);
			struct sysevent ev = { .id = id };

			for (unsigned i = 0; i < SYS_MAXARGS; i++) {
				ev.arg[i].val = values[v / 3];
				ev.arg[i].str = v % 3 == 1 ? bytes : NULL;
				ev.arg[i].mem = v % 3 == 2 ? bytes : NULL;
				ev.arg[i].len = v % 3 == 2 ? v % sizeof(bytes) : 0;
			}
			sysevent_print(&ev, &b);
			ck_assert(!b.truncated);
			for (size_t i = 0; i < b.len; i++)
				ck_assert(mem[i] >= 0x20 && mem[i] < 0x7f);
		}
	}
}
END_TEST

static const struct {
	struct access access;
	const char *text;
} accesses[] = {
	{ { .kind = ACC_PATH, .rights = R_READ | R_WRITE, .path = "/home/u/x" }, "read,write /home/u/x" },
	{ { .kind = ACC_PATH, .rights = R_STAT, .path = "/a b\n" }, "stat /a\\ b\\n" },
	{ { .kind = ACC_PATH, .rights = R_READ, .path = "/memfd:x (deleted)" }, "read memfd:x\\ (deleted)" },
	{ { .kind = ACC_ADDR, .rights = R_CONNECT, .addr = { .family = NA_INET, .port = 80, .ip = { 1, 2, 3, 4 } } },
	    "connect inet:1.2.3.4:80" },
	{ { .kind = ACC_ADDR, .rights = R_SOCKET, .addr = { .family = NA_INET } }, "socket inet" },
	{ { .kind = ACC_ADDR, .rights = R_BIND, .addr = { .family = NA_UNIX }, .path = "/long" }, "bind unix:/long" },
	{ { .kind = ACC_ADDR, .rights = R_SEND, .addr = { .port = 9, .ip = { 1, 2, 3, 4 } } }, "send inet:1.2.3.4:9" },
	{ { .kind = ACC_ADDR, .rights = R_CONNECT }, "connect unspec" },
	{ { .kind = ACC_PROC, .rights = R_SIGNAL, .proc = PROC_TREE }, "signal tree" },
	{ { .kind = ACC_PROC, .rights = R_SIGNAL | R_TRACE, .proc = PROC_OUTSIDE }, "signal,trace any" },
	{ { .kind = ACC_PROC, .rights = R_TRACE }, "trace supervisor" },
};

START_TEST(prints_accesses)
{
	char mem[256];
	struct strbuf b = STRBUF(mem);

	access_print(&accesses[_i].access, &b);
	ck_assert_str_eq(mem, accesses[_i].text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("describe");
	TCase *t = tcase_create("describe");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, prints, 0, NROWS);
	tcase_add_test(t, prints_several_messages);
	tcase_add_test(t, prints_unknown_calls);
	tcase_add_test(t, cuts_long_text);
	tcase_add_test(t, prints_every_call_with_anything);
	tcase_add_loop_test(t, prints_accesses, 0, sizeof(accesses) / sizeof(accesses[0]));
	suite_add_tcase(s, t);
	return run_suite(s);
}
