/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/netaddr.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"

#define BYTES(s)	s, sizeof(s) - 1
#define ZEROS_8		"\0\0\0\0\0\0\0\0"
/* Families are in the machine's order; the rows are written little endian and turned where need be. */

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *bind, *connect;	/* NULL: refused */
} rows[] = {
	{ "nothing",		BYTES(""),					NULL, NULL },
	{ "half a family",	BYTES("\2"),					NULL, NULL },
	{ "unspec",		BYTES("\0\0"),					"unspec", "unspec" },
	{ "inet",		BYTES("\2\0\0\120\1\2\3\4" ZEROS_8),		"inet:1.2.3.4:80", "inet:1.2.3.4:80" },
	{ "inet, longer",	BYTES("\2\0\0\120\1\2\3\4" ZEROS_8 ZEROS_8),	"inet:1.2.3.4:80", "inet:1.2.3.4:80" },
	{ "inet, short",	BYTES("\2\0\0\120\1\2\3\4\0\0\0\0\0\0\0"),	NULL, NULL },
	{ "inet, any",		BYTES("\2\0\0\120\0\0\0\0" ZEROS_8),		"inet:0.0.0.0:80", "inet:127.0.0.1:80" },
	{ "inet, high port",	BYTES("\2\0\377\377\1\2\3\4" ZEROS_8),		"inet:1.2.3.4:65535", "inet:1.2.3.4:65535" },
	{ "inet6",		BYTES("\12\0\1\273\0\0\0\0\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0"),
				"inet6:[fd00::1]:443", "inet6:[fd00::1]:443" },
	{ "inet6, RFC 2133",	BYTES("\12\0\1\273\0\0\0\0\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
				"inet6:[fd00::1]:443", "inet6:[fd00::1]:443" },
	{ "inet6, short",	BYTES("\12\0\1\273\0\0\0\0\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),	NULL, NULL },
	{ "inet6, any",		BYTES("\12\0\0\65\0\0\0\0" ZEROS_8 ZEROS_8 "\0\0\0\0"),
				"inet6:[::]:53", "inet6:[::1]:53" },
	{ "inet6, mapped",	BYTES("\12\0\0\65\0\0\0\0" ZEROS_8 "\0\0\377\377\12\0\0\1\0\0\0\0"),
				"inet:10.0.0.1:53", "inet:10.0.0.1:53" },
	{ "inet6, mapped any",	BYTES("\12\0\0\65\0\0\0\0" ZEROS_8 "\0\0\377\377\0\0\0\0\0\0\0\0"),
				"inet:0.0.0.0:53", "inet:127.0.0.1:53" },
	{ "inet6, compatible",	BYTES("\12\0\0\65\0\0\0\0" ZEROS_8 "\0\0\0\0\12\0\0\1\0\0\0\0"),
				"inet6:[::a00:1]:53", "inet6:[::a00:1]:53" },
	{ "inet6, two gaps",	BYTES("\12\0\0\65\0\0\0\0\0\1\0\0\0\0\0\2\0\3\0\0\0\0\0\4\0\0\0\0"),
				"inet6:[1::2:3:0:0:4]:53", "inet6:[1::2:3:0:0:4]:53" },
	{ "inet6, one zero",	BYTES("\12\0\0\65\0\0\0\0\0\1\0\0\0\2\0\3\0\4\0\5\0\6\0\7\0\0\0\0"),
				"inet6:[1:0:2:3:4:5:6:7]:53", "inet6:[1:0:2:3:4:5:6:7]:53" },
	{ "inet6, gap at end",	BYTES("\12\0\0\65\0\0\0\0\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
				"inet6:[fe80::]:53", "inet6:[fe80::]:53" },
	{ "unix",		BYTES("\1\0/run/x\0"),				"unix:/run/x", "unix:/run/x" },
	{ "unix, no NUL",	BYTES("\1\0/run/x"),				"unix:/run/x", "unix:/run/x" },
	{ "unix, after NUL",	BYTES("\1\0/run/x\0/etc/passwd"),		"unix:/run/x", "unix:/run/x" },
	{ "unix, odd bytes",	BYTES("\1\0/a b\n*"),				"unix:/a\\ b\\n\\*", "unix:/a\\ b\\n\\*" },
	{ "unix, unnamed",	BYTES("\1\0"),					"unix", "unix" },
	{ "unix, abstract",	BYTES("\1\0\0/tmp/.X11-unix/X0"),		"abstract:/tmp/.X11-unix/X0", "abstract:/tmp/.X11-unix/X0" },
	{ "unix, abstract NUL",	BYTES("\1\0\0a\0b"),				"abstract:a\\x00b", "abstract:a\\x00b" },
	{ "unix, too long",	BYTES("\1\0/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789"),
				NULL, NULL },
	{ "netlink",		BYTES("\20\0\0\0\0\0\0\0\0\0\0\0"),		"netlink", "netlink" },
	{ "unheard of",		BYTES("\310\0\0\0"),				"family200", "family200" },
	{ "unspec as inet",	BYTES("\0\0\0\120\1\2\3\4" ZEROS_8),		"unspec", "unspec" },
};

static int
parse(struct netaddr *a, const char *bytes, size_t len, int destination)
{
	unsigned char mem[256];
	uint16_t family;

	memcpy(mem, bytes, len);
	if (len >= 2) {
		family = (uint16_t)(mem[0] | mem[1] << 8);
		memcpy(mem, &family, sizeof(family));
	}
	return netaddr_parse(a, mem, len, destination);
}

static void
check(int i, int destination, const char *want)
{
	char mem[256];
	struct strbuf b = STRBUF(mem);
	struct netaddr a;
	int r = parse(&a, rows[i].bytes, rows[i].len, destination);

	ck_assert_int_eq(r, want ? 0 : -EINVAL);
	if (!want)
		return;
	netaddr_print(&a, &b);
	ck_assert_msg(!strcmp(mem, want), "%s: %s, not %s", rows[i].name, mem, want);
}

START_TEST(parses)
{
	check(_i, 0, rows[_i].bind);
	check(_i, 1, rows[_i].connect);
}
END_TEST

/* A UDP socket would send there. */
START_TEST(keeps_what_unspec_hides)
{
	static const uint8_t ip[4] = { 1, 2, 3, 4 };
	struct netaddr a;

	ck_assert_int_eq(parse(&a, BYTES("\0\0\0\120\1\2\3\4" ZEROS_8), 1), 0);
	ck_assert_uint_eq(a.family, 0);
	ck_assert_uint_eq(a.port, 80);
	ck_assert_mem_eq(a.ip, ip, 4);
}
END_TEST

START_TEST(takes_a_full_path)
{
	char bytes[2 + 109] = "\1";
	struct netaddr a;

	memset(bytes + 2, 'a', 109);
	ck_assert_int_eq(parse(&a, bytes, 110, 1), 0);
	ck_assert_uint_eq(a.pathlen, 108);
	ck_assert_uint_eq(strlen(a.path), 108);
	ck_assert_int_eq(parse(&a, bytes, 111, 1), -EINVAL);
	bytes[2] = '\0';
	ck_assert_int_eq(parse(&a, bytes, 110, 1), 0);
	ck_assert_uint_eq(a.pathlen, 107);
}
END_TEST

START_TEST(refuses_what_is_longer_than_any_address)
{
	char bytes[200] = "\20";
	struct netaddr a;

	ck_assert_int_eq(parse(&a, bytes, 128, 1), 0);
	ck_assert_int_eq(parse(&a, bytes, 129, 1), -EINVAL);
}
END_TEST

START_TEST(names_families)
{
	ck_assert_str_eq(family_name(2), "inet");
	ck_assert_str_eq(family_name(16), "netlink");
	ck_assert_ptr_null(family_name(46));
	ck_assert_int_eq(family_find("inet6"), 10);
	ck_assert_int_eq(family_find("family46"), 46);
	ck_assert_int_eq(family_find("family65535"), 65535);
	ck_assert_int_eq(family_find("family65536"), -1);
	ck_assert_int_eq(family_find("family"), -1);
	ck_assert_int_eq(family_find("familyx"), -1);
	ck_assert_int_eq(family_find("Inet"), -1);
	for (unsigned i = 0; family_name(i); i++)
		ck_assert_int_eq(family_find(family_name(i)), (int)i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("netaddr");
	TCase *t = tcase_create("netaddr");

	tcase_add_loop_test(t, parses, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, keeps_what_unspec_hides);
	tcase_add_test(t, takes_a_full_path);
	tcase_add_test(t, refuses_what_is_longer_than_any_address);
	tcase_add_test(t, names_families);
	suite_add_tcase(s, t);
	return run_suite(s);
}
