/* SPDX-License-Identifier: ISC */
#include "tracer/calltext.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/netaddr.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"

static struct arena arena;

static const struct abi *
abi_named(const char *name)
{
	for (size_t i = 0; arch_at(i); i++)
		for (size_t k = 0; k < arch_at(i)->nabis; k++)
			if (!strcmp(arch_at(i)->abis[k].name, name))
				return &arch_at(i)->abis[k];
	ck_abort_msg("no ABI %s", name);
	return NULL;
}

static void
setup(void)
{
	arena_init(&arena, 1 << 18);
}

static void
teardown(void)
{
	arena_free(&arena);
}

/* The event as text: values in hex, the text behind a pointer in its place. */
static void
show_arg(const struct argval *a, FILE *f)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);
	struct netaddr addr;

	if (a->str) {
		strbuf_quote(&b, a->str, strlen(a->str), 256);
		fprintf(f, "%s", b.s);
	} else if (a->mem) {
		ck_assert_int_eq(netaddr_parse(&addr, a->mem, a->len, 0), 0);
		netaddr_print(&addr, &b);
		fprintf(f, "%s+%u", b.s, (unsigned)a->len);
	} else {
		fprintf(f, "%llx", (unsigned long long)a->val);
	}
}

static void
show(const struct sysevent *ev, char *out, size_t size)
{
	const struct sysdesc *d = &sysdesc_table[ev->id];
	unsigned n = ev->id == SYS_ID_none ? 6 : sysdesc_nargs(d);
	FILE *f = fmemopen(out, size, "w");

	fprintf(f, "%s", ev->id == SYS_ID_none ? "?" : d->name);
	for (unsigned i = 0; i < n; i++) {
		fputc(' ', f);
		show_arg(&ev->arg[i], f);
	}
	for (unsigned i = 0; i < ev->nmore; i++) {
		fprintf(f, " and ");
		show_arg(&ev->more[i], f);
	}
	fclose(f);
}

static const struct good {
	const char *text;
	const char *event;
} good[] = {
	/* As a person types it. */
	{ "getpid()", "getpid" },
	{ "  getpid ( ) ", "getpid" },
	{ "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)", "openat ffffffffffffff9c \"/etc/shadow\" 0 0" },
	{ "openat(-100, \"x\", O_RDONLY|O_CLOEXEC)", "openat ffffffffffffff9c \"x\" 80000 0" },
	{ "open(\"x\", O_WRONLY | O_CREAT, 0644)", "open \"x\" 41 1a4" },
	{ "open(\"x\", 0x8|O_CREAT)", "open \"x\" 48 0" },
	{ "open(\"x\", 0)", "open \"x\" 0 0" },
	{ "open(NULL, 0)", "open 0 0 0" },
	{ "open(flags=O_RDWR, pathname=\"x\")", "open \"x\" 2 0" },
	{ "open(0x7ffe0000, O_RDONLY)", "open 7ffe0000 0 0" },
	{ "open(\"\", 0)", "open \"\" 0 0" },
	{ "kill(1, SIGKILL)", "kill 1 9" },
	{ "kill(-1, 9)", "kill ffffffffffffffff 9" },
	{ "kill(1, SIGRT_2)", "kill 1 22" },
	{ "write(1, \"x\\n\", 8192*1024)", "write 1 10000 800000" },
	{ "close((3))", "close 3" },
	{ "close(1<<4|1)", "close 11" },
	{ "close(~0)", "close ffffffffffffffff" },
	/* Numbers are cut as the kernel cuts them. */
	{ "close(0xffffffff)", "close ffffffffffffffff" },
	{ "close(0x100000003)", "close 3" },
	{ "open(\"x\", 0xffffffff00000002)", "open \"x\" 2 0" },
	{ "read(0, 0xffffffffffffffff, -1)", "read 0 ffffffffffffffff ffffffffffffffff" },
	/* Text. */
	{ "open(\"\\x41\\102\\n\\\"\\\\\\0012\", 0)", "open \"AB\\n\\\"\\\\\\x012\" 0 0" },
	{ "open(\"a, b) = {\", 0)", "open \"a, b) = {\" 0 0" },
	{ "open(\"/* no comment */\", 0 /* a comment, */)", "open \"/* no comment */\" 0 0" },
	/* As strace prints it. */
	{ "[pid  4711] getpid() = 3", "getpid" },
	{ "4711  getpid() = 3", "getpid" },
	{ "4711 12:34:56.789012 getpid() = 3", "getpid" },
	{ "1700000000.123456 getpid() = 3", "getpid" },
	{ "[00007f12] getpid()", "getpid" },
	{ "openat(AT_FDCWD</home/u>, \"x\", O_RDONLY) = -1 EACCES (Permission denied)",
	  "openat ffffffffffffff9c \"x\" 0 0" },
	{ "openat(3</a, b>, \"x\", O_RDONLY) = 4</a/x>", "openat 3 \"x\" 0 0" },
	{ "read(3</etc/passwd>, \"root\"..., 4096) = 1024 <0.000010>", "read 3 10000 1000" },
	{ "read(3,  <unfinished ...>", "read 3 0 0" },
	{ "exit_group(0) = ?", "exit_group 0" },
	{ "execve(\"/bin/ls\", [\"ls\", \"-l)\"], 0x7ffe1234 /* 12 vars */) = 0", "execve \"/bin/ls\" 10000 7ffe1234" },
	{ "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], WNOHANG|__WALL, NULL) = 7",
	  "wait4 ffffffffffffffff 10000 40000001 0" },
	{ "rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], [], 8) = 0", "rt_sigprocmask 0 10000 10000 8" },
	{ "ioctl(1, TCGETS, {c_iflag=ICRNL|IXON, ...}) = 0", "ioctl 1 5401 10000" },
	{ "ioctl(1, TCGETS or SNDCTL_TMR_TIMEBASE, 0x7ffe) = -1", "ioctl 1 5401 7ffe" },
	{ "ioctl(1, _IOC(_IOC_READ, 0x54, 0x30, 0x4), 0x7ffe) = -1", "ioctl 1 80045430 7ffe" },
	{ "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f",
	  "mmap 0 2000 3 22 ffffffffffffffff 0" },
	{ "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f01) = 5",
	  "clone 200011 0 0 7f01 0" },
	{ "clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f, stack_size=0x9000}, 88) = 5",
	  "clone3 10000 58 4100 11" },
	{ "clone3({flags=CLONE_VM, exit_signal=0} => {parent_tid=[0]}, 88) = 5", "clone3 10000 58 100 0" },
	{ "futex(0x7f01, FUTEX_WAIT, 0, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>", "futex 7f01 0 0 0 10000 0" },
	{ "openat2(AT_FDCWD, \"x\", {flags=O_RDWR|O_CREAT, mode=0600, resolve=RESOLVE_BENEATH}, 24) = 3",
	  "openat2 ffffffffffffff9c \"x\" 10000 18 42 180 8" },
	{ "mknod(\"x\", S_IFCHR|0666, makedev(0x1, 0x3)) = 0", "mknod \"x\" 21b6 103" },
	{ "syscall_0x270f(0x1, 0x2, 0, 0, 0, 0) = -1 ENOSYS", "? 1 2 0 0 0 0" },
	{ "syscall_9999(1)", "? 1 0 0 0 0 0" },
	{ "syscall_39()", "getpid" },
	{ "rt_sigreturn({mask=[]}) = 0", "rt_sigreturn" },
	/* Addresses. */
	{ "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"1.2.3.4\")}, 16) = 0",
	  "connect 3 inet:1.2.3.4:80+16 10" },
	{ "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"1.2.3.4\")})",
	  "connect 3 inet:1.2.3.4:80+16 10" },
	{ "connect(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110)", "connect 3 unix:/run/x+110 6e" },
	{ "connect(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"})", "connect 3 unix:/run/x+9 9" },
	{ "connect(3, {sa_family=AF_UNIX, sun_path=@\"/tmp/.X11-unix/X0\"}, 20)",
	  "connect 3 abstract:/tmp/.X11-unix/X0+20 14" },
	{ "connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), "
	  "inet_pton(AF_INET6, \"fd00::1\", &sin6_addr), sin6_scope_id=0}, 28)",
	  "connect 3 inet6:[fd00::1]:443+28 1c" },
	{ "bind(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12)", "bind 3 netlink+12 c" },
	{ "connect(3, NULL, 0)", "connect 3 0 0" },
	{ "sendto(3, \"x\", 1, MSG_NOSIGNAL, NULL, 0)", "sendto 3 10000 1 4000 0 0" },
	{ "sendto(3, \"x\", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"8.8.8.8\")}, 16)",
	  "sendto 3 10000 1 0 inet:8.8.8.8:53+16 10" },
	{ "sendmsg(3, {msg_name={sa_family=AF_UNIX, sun_path=\"/x\"}, msg_namelen=5, "
	  "msg_iov=[{iov_base=\"hi\", iov_len=2}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 2",
	  "sendmsg 3 unix:/x+5 0 0" },
	{ "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[], msg_iovlen=1, "
	  "msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]}], "
	  "msg_controllen=24, msg_flags=0}, 0)", "sendmsg 3 10000 0 2" },
	{ "sendmmsg(3, [{msg_hdr={msg_name={sa_family=AF_UNIX, sun_path=\"/x\"}, msg_namelen=5}, msg_len=2}, "
	  "{msg_hdr={msg_name={sa_family=AF_UNIX, sun_path=\"/y\"}, msg_namelen=5}, msg_len=2}], 2, 0)",
	  "sendmmsg 3 unix:/x+5 2 0 0 and unix:/y+5" },
	/* As strace -X raw prints them. */
	{ "connect(3, {sa_family=0x2, sin_port=\"\\x00\\x50\", sin_addr=\"\\x01\\x02\\x03\\x04\"}, 16) = 0",
	  "connect 3 inet:1.2.3.4:80+16 10" },
	{ "connect(3, {sa_family=0xa, sin6_port=\"\\x00\\x50\", sin6_flowinfo=\"\\x00\\x00\\x00\\x00\", sin6_addr=\"\\x00\\x00"
	  "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01\", sin6_scope_id=0}, 28) = 0",
	  "connect 3 inet6:[::1]:80+28 1c" },
	{ "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_control=[{cmsg_len=20, cmsg_level=0x1, cmsg_type=0x1, "
	  "cmsg_data=[5</a>]}], msg_controllen=24, msg_flags=0}, 0)", "sendmsg 3 10000 0 1" },
	{ "recvmsg(3, {msg_name=0x7f, msg_namelen=110 => 0, msg_controllen=64 => 0}, 0)", "recvmsg 3 10000 0 40" },
	{ "accept(3, {sa_family=AF_UNIX}, [110 => 2]) = 4", "accept 3 10000 10000" },
};

static const struct good good_i386[] = {
	{ "read(0, 0xffffffffffffffff, -1)", "read 0 ffffffff ffffffff" },
	{ "pread64(0, NULL, 1, 0x100000000)", "pread64 0 0 1 100000000" },
	{ "accept(3, NULL, NULL)", "accept 3 0 0" },	/* only inside socketcall */
	{ "waitpid(1)", "waitpid 1 0 0" },
};

/* Names of flags mean what they mean there. */
static const struct good good_arm[] = {
	{ "open(\"/x\", O_RDONLY|O_DIRECTORY|O_NOFOLLOW)", "open \"/x\" c000 0" },
	{ "pread64(0, NULL, 1, 0x100000000)", "pread64 0 0 1 100000000" },
	{ "cacheflush(0x1000, 0x2000, 0)", "cacheflush 1000 2000 0" },
};

static void
check_parse(const struct good *g, const char *abi)
{
	struct calltext_error error;
	struct sysevent ev;
	char text[512] = "";
	int r = calltext_parse(g->text, abi_named(abi), &arena, &ev, NULL, &error);

	if (r)
		ck_abort_msg("%s: %u: %s", g->text, error.column, error.text);
	show(&ev, text, sizeof(text));
	ck_assert_str_eq(text, g->event);
	ck_assert_str_eq(ev.abi, abi);
	ck_assert_uint_eq(ev.naccess, 0);
}

START_TEST(parses)
{
	check_parse(&good[_i], "x86_64");
}
END_TEST

START_TEST(parses_for_i386)
{
	check_parse(&good_i386[_i], "i386");
}
END_TEST

START_TEST(parses_for_arm)
{
	check_parse(&good_arm[_i], "arm");
}
END_TEST

/* What is printed reads as what it was. */
START_TEST(prints_names_of_the_abi)
{
	static const char line[] = "openat(AT_FDCWD, \"/x\", O_RDONLY|O_NOFOLLOW|O_DIRECTORY)";
	static const char *const abis[] = { "x86_64", "aarch64", "arm" };

	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
		struct calltext_error error;
		struct sysevent ev;
		char mem[256];
		struct strbuf b = STRBUF(mem);

		ck_assert_int_eq(calltext_parse(line, abi_named(abis[i]), &arena, &ev, NULL, &error), 0);
		ck_assert_uint_eq(ev.arg[2].val, i ? 0xc000 : 0x30000);
		sysevent_print(&ev, &b);
		ck_assert_ptr_nonnull(strstr(b.s, "O_DIRECTORY"));
		ck_assert_ptr_nonnull(strstr(b.s, "O_NOFOLLOW"));
		ck_assert_ptr_null(strstr(b.s, "0x"));
	}
}
END_TEST

static const struct bad {
	const char *text;
	unsigned column;
	const char *error;
} bad[] = {
	{ "open(\"x\")", 10, "open needs its argument \"flags\"" },
	{ "opneat(1)", 1, "unknown call \"opneat\"" },
	{ "open", 5, "expected \"(\" behind the name" },
	{ "(1)", 1, "expected the name of a call" },
	{ "open(\"x\", O_RDONY)", 11, "unknown constant \"O_RDONY\"; did you mean \"O_RDONLY\"?" },
	{ "open(\"x\", O_RDONLY", 19, "the closing \")\" is missing" },
	{ "open(\"x, O_RDONLY)", 6, "the closing quote is missing" },
	{ "open(\"x\"..., O_RDONLY)", 6, "the text is cut short" },
	{ "open(\"x\\0y\", O_RDONLY)", 6, "the kernel would stop reading at the NUL" },
	{ "open(\"\\q\")", 7, "unknown escape" },
	{ "open(x, 0)", 6, "unknown constant \"x\"" },
	{ "close(1, 2)", 10, "close takes 1 argument" },
	{ "close(fdd=3)", 7, "close has no argument \"fdd\"" },
	{ "close(3 4)", 9, "expected \",\" or \")\"" },
	{ "close(3,)", 9, "close takes 1 argument" },
	{ "kill(3,)", 8, "expected a number or a constant, not \")\"" },
	{ "close(3x)", 7, "this is no number" },
	{ "close(99999999999999999999)", 7, "this number is too large" },
	{ "close({a=1})", 7, "expected a number or a constant, not \"{\"" },
	{ "close(3) close(4)", 10, "one call at a time" },
	{ "write(1, {a, 3)", 10, "a bracket is not closed" },
	{ "connect(3, {sa_family=0x2, sin_port=\"\\x00\"}, 16)", 37, "expected 2 bytes" },
	{ "connect(3, {sin_port=htons(80)}, 16)", 22, "sa_family=AF_… comes first" },
	{ "connect(3, {sa_family=AF_INET, sin_addr=inet_addr(\"1.2.3\")}, 16)", 51, "this is no IPv4 address" },
	{ "connect(3, {sa_family=AF_UNIX, sun_path=\"/x\"...}, 110)", 41, "the address is cut short" },
	{ "[pid 3 getpid()", 1, "the closing bracket is missing" },
	{ "waitpid(1)", 1, "x86_64 has no call \"waitpid\"" },
	{ "syscall_1(1, 2, 3, 4, 5, 6, 7)", 20, "write takes 3 arguments" },
	{ "syscall_9999(1, 2, 3, 4, 5, 6, 7)", 32, "a call has 6 arguments at most" },
	{ "close(((((((((((((((((((((((((((((((((((((((((((((1", 40, "too deeply nested" },
	{ "open(\"x\", \033)", 11, "expected a number or a constant, not \"\\x1b\"" },
};

START_TEST(says_what_is_wrong)
{
	const struct bad *b = &bad[_i];
	struct calltext_error error;
	struct sysevent ev;

	ck_assert_int_eq(calltext_parse(b->text, abi_named("x86_64"), &arena, &ev, NULL, &error), -EINVAL);
	if (strncmp(error.text, b->error, strlen(b->error)))
		ck_abort_msg("%s: \"%s\" is not \"%s\"", b->text, error.text, b->error);
	ck_assert_uint_eq(error.column, b->column);
}
END_TEST

START_TEST(knows_lines_without_a_call)
{
	static const char *const lines[] = {
		"", "   ", "# a comment", "--- SIGCHLD {si_signo=SIGCHLD} ---", "+++ exited with 0 +++",
		"[pid 3] <... read resumed>\"x\", 1) = 1", "12:00:00 +++ killed by SIGSYS +++",
	};
	struct calltext_error error;
	struct sysevent ev;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_int_eq(calltext_parse(lines[i], abi_named("x86_64"), &arena, &ev, NULL, &error), -ENOMSG);
}
END_TEST

START_TEST(keeps_the_names_of_descriptors)
{
	struct calltext_notes notes;
	struct calltext_error error;
	struct sysevent ev;

	ck_assert_int_eq(calltext_parse("fchmod(3</a b>, 0600)", abi_named("x86_64"), &arena, &ev, &notes, &error), 0);
	ck_assert_str_eq(notes.fd[0], "/a b");
	ck_assert_ptr_null(notes.fd[1]);
}
END_TEST

/* Whatever the text, parsing ends, and says where it ended. */
START_TEST(survives_every_prefix)
{
	const char *text = good[_i].text;
	size_t len = strlen(text);

	for (size_t n = 0; n <= len; n++) {
		char *part = strndup(text, n);
		struct calltext_error error;
		struct sysevent ev;
		int r = calltext_parse(part, abi_named("x86_64"), &arena, &ev, NULL, &error);

		ck_assert(r == 0 || r == -EINVAL || r == -ENOMSG);
		ck_assert(r != -EINVAL || (error.column >= 1 && error.column <= n + 1 && error.text[0]));
		arena_reset(&arena);
		free(part);
	}
}
END_TEST

START_TEST(says_when_it_is_too_long)
{
	struct calltext_error error;
	struct arena small;
	struct sysevent ev;

	arena_init(&small, 64);
	ck_assert_int_eq(calltext_parse(good[_i].text, abi_named("x86_64"), &small, &ev, NULL, &error) & ~-EINVAL, 0);
	arena_free(&small);
}
END_TEST

/* What sysevent_print() makes of a call is a call again, and the same. */
START_TEST(reads_what_is_printed)
{
	const struct abi *abi = abi_named("x86_64");
	char mem[4096], first[512] = "", second[512] = "";
	struct strbuf printed = STRBUF(mem);
	struct calltext_error error;
	struct sysevent ev;

	ck_assert_int_eq(calltext_parse(good[_i].text, abi, &arena, &ev, NULL, &error), 0);
	show(&ev, first, sizeof(first));
	sysevent_print(&ev, &printed);
	if (calltext_parse(printed.s, abi, &arena, &ev, NULL, &error))
		ck_abort_msg("%s: %u: %s", printed.s, error.column, error.text);
	show(&ev, second, sizeof(second));
	if (strcmp(first, second))
		ck_abort_msg("%s: %s is not %s", printed.s, second, first);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("calltext");
	TCase *tc = tcase_create("calltext");
	int n = sizeof(good) / sizeof(good[0]);

	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, parses, 0, n);
	tcase_add_loop_test(tc, parses_for_arm, 0, sizeof(good_arm) / sizeof(good_arm[0]));
	tcase_add_test(tc, prints_names_of_the_abi);
	tcase_add_loop_test(tc, parses_for_i386, 0, sizeof(good_i386) / sizeof(good_i386[0]));
	tcase_add_loop_test(tc, says_what_is_wrong, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, knows_lines_without_a_call);
	tcase_add_test(tc, keeps_the_names_of_descriptors);
	tcase_add_loop_test(tc, survives_every_prefix, 0, n);
	tcase_add_loop_test(tc, says_when_it_is_too_long, 0, n);
	tcase_add_loop_test(tc, reads_what_is_printed, 0, n);
	return run_suite(s);
}
