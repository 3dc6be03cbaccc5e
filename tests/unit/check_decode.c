/* SPDX-License-Identifier: ISC */
/* Registers to calls, and statuses to stops.  The memory of the calls is this process's own. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tracer/decode.h"
#include "tracer/stop.h"
#include "tests/unit/run.h"

static struct arena arena;
static struct sysmap map;
static struct sysevent ev;
static struct pins pins;

static void
setup(void)
{
	arena_init(&arena, 2 << 20);
}

static void
teardown(void)
{
	sysmap_free(&map);
	arena_free(&arena);
}

/* An ABI of any architecture: decoding asks nothing of the machine but the memory.  The map becomes that architecture's. */
static const struct abi *
abi_named(const char *name)
{
	const struct arch *a;

	for (size_t i = 0; (a = arch_at(i)); i++) {
		for (size_t k = 0; k < a->nabis; k++) {
			if (strcmp(a->abis[k].name, name) != 0)
				continue;
			sysmap_free(&map);
			sysmap_init(&map, a);
			return &a->abis[k];
		}
	}
	ck_abort_msg("no ABI is called %s", name);
}

static int
decode_call(const char *abi, const char *call, const uint64_t args[6])
{
	struct rawcall raw = { .tid = getpid(), .abi = abi_named(abi) };

	raw.nr = (uint32_t)abi_call_nr(raw.abi, call);
	memcpy(raw.args, args, sizeof(raw.args));
	return decode(&map, &raw, &arena, &ev, &pins);
}

#define CALL(abi, call, ...) decode_call(abi, call, (const uint64_t[6]){ __VA_ARGS__ })
#define WORD(p) ((uint64_t)(uintptr_t)(p))

static uint64_t
arg(const char *name)
{
	int i = sysdesc_arg(&sysdesc_table[ev.id], name);

	ck_assert_int_ge(i, 0);
	return ev.arg[i].val;
}

START_TEST(cuts_to_the_width_the_kernel_uses)
{
	ck_assert_int_eq(CALL("x86_64", "openat", 0xdeadbeef00000000u | (uint32_t)AT_FDCWD, WORD("x"), UINT64_C(1) << 40 | O_RDWR), 0);
	ck_assert_int_eq((int64_t)arg("dirfd"), AT_FDCWD);
	ck_assert_uint_eq(arg("flags"), O_RDWR);
	ck_assert_str_eq(ev.arg[1].str, "x");
	ck_assert_int_eq(CALL("x86_64", "socket", UINT64_C(1) << 40 | AF_INET, UINT64_C(7) << 32 | SOCK_STREAM), 0);
	ck_assert_uint_eq(arg("domain"), AF_INET);
	ck_assert_uint_eq(arg("type"), SOCK_STREAM);
}
END_TEST

START_TEST(cuts_to_sixteen_bits)
{
	ck_assert_int_eq(CALL("i386", "setuid16", 0x10000), 0);
	ck_assert_uint_eq(arg("uid"), 0);
	ck_assert_int_eq(sysdesc_table[ev.id].family, SYS_ID_setuid);
	ck_assert_int_eq(CALL("x86_64", "setuid", 0x10000), 0);
	ck_assert_uint_eq(arg("uid"), 0x10000);
	ck_assert_int_eq(CALL("x86_64", "chmod", WORD("x"), 0x1000000 | 04755), 0);
	ck_assert_uint_eq(arg("mode"), 04755);
}
END_TEST

/* mmap's prot and flags are words: there the upper half counts. */
START_TEST(keeps_words_whole)
{
	ck_assert_int_eq(CALL("x86_64", "mmap", 0, 4096, UINT64_C(1) << 32 | PROT_READ, MAP_PRIVATE), 0);
	ck_assert_uint_eq(arg("prot"), UINT64_C(1) << 32 | PROT_READ);
}
END_TEST

START_TEST(pairs_registers_on_32_bit)
{
	ck_assert_int_eq(CALL("i386", "pread64", 3, 0, 10, 0x11111111, 0x22222222), 0);
	ck_assert_uint_eq(arg("offset"), UINT64_C(0x2222222211111111));
	ck_assert_int_eq(CALL("x86_64", "pread64", 3, 0, 10, 0x1111111122222222), 0);
	ck_assert_uint_eq(arg("offset"), UINT64_C(0x1111111122222222));
}
END_TEST

/* On arm a pair begins at an even register, whatever that leaves out. */
START_TEST(aligns_pairs)
{
	ck_assert_int_eq(CALL("arm", "pread64", 3, 0, 10, 0xbad, 0x11111111, 0x22222222), 0);
	ck_assert_uint_eq(arg("offset"), UINT64_C(0x2222222211111111));
	ck_assert_int_eq(CALL("arm", "truncate64", 0, 0xbad, 1, 2), 0);
	ck_assert_uint_eq(arg("length"), UINT64_C(0x200000001));
	ck_assert_int_eq(CALL("i386", "truncate64", 0, 1, 2), 0);
	ck_assert_uint_eq(arg("length"), UINT64_C(0x200000001));
	ck_assert_int_eq(CALL("arm", "fallocate", 3, 4, 1, 2, 5, 6), 0);
	ck_assert_uint_eq(arg("mode"), 4);
	ck_assert_uint_eq(arg("offset"), UINT64_C(0x200000001));
	ck_assert_uint_eq(arg("size"), UINT64_C(0x600000005));
	ck_assert_int_eq(CALL("arm", "readahead", 3, 0xbad, 1, 2, 9), 0);
	ck_assert_uint_eq(arg("count"), 9);
	ck_assert_int_eq(CALL("arm", "fanotify_mark", 3, 1, 5, 6, (uint32_t)AT_FDCWD, WORD(NULL)), 0);
	ck_assert_uint_eq(arg("mask"), UINT64_C(0x600000005));
	ck_assert_int_eq((int64_t)arg("dirfd"), AT_FDCWD);
	ck_assert_int_eq(CALL("arm", "lookup_dcookie", 1, 2, 0, 9), 0);
	ck_assert_uint_eq(arg("cookie"), UINT64_C(0x200000001));
	ck_assert_uint_eq(arg("size"), 9);
}
END_TEST

/* Two of arm's calls have their flags first, so that no register is left out. */
START_TEST(arm_has_an_order_of_its_own)
{
	ck_assert_int_eq(CALL("arm", "arm_fadvise64_64", 3, 4, 1, 2, 5, 6), 0);
	ck_assert_int_eq(sysdesc_table[ev.id].family, SYS_ID_fadvise64);
	ck_assert_uint_eq(arg("advice"), 4);
	ck_assert_uint_eq(arg("offset"), UINT64_C(0x200000001));
	ck_assert_uint_eq(arg("size"), UINT64_C(0x600000005));
	ck_assert_int_eq(CALL("arm", "arm_sync_file_range", 3, 7, 1, 2, 5, 6), 0);
	ck_assert_int_eq(sysdesc_table[ev.id].family, SYS_ID_sync_file_range);
	ck_assert_uint_eq(arg("flags"), 7);
	ck_assert_uint_eq(arg("nbytes"), UINT64_C(0x600000005));
	ck_assert_int_eq(CALL("arm", "send", 3, 0, 10, 0x4000), 0);
	ck_assert_int_eq(sysdesc_table[ev.id].family, SYS_ID_sendto);
	ck_assert_uint_eq(arg("flags"), 0x4000);
}
END_TEST

START_TEST(knows_private_numbers)
{
	ck_assert_int_eq(CALL("arm", "cacheflush", 0x1000, 0x2000, 0), 0);
	ck_assert_int_eq(ev.id, SYS_ID_cacheflush);
	ck_assert_uint_eq(ev.nr, 0xf0002);
	ck_assert_uint_eq(arg("end"), 0x2000);
	ck_assert_int_eq(sysmap_id(&map, abi_named("arm"), 0xf0000), SYS_ID_none);
	ck_assert_int_eq(sysmap_id(&map, abi_named("arm"), 113), SYS_ID_none);
	ck_assert_int_eq(sysmap_id(&map, abi_named("arm"), 1023), SYS_ID_none);
	ck_assert_int_eq(sysmap_id(&map, abi_named("arm"), UINT32_MAX), SYS_ID_none);
}
END_TEST

START_TEST(takes_tags_off_pointers)
{
	ck_assert_int_eq(CALL("aarch64", "openat", 0, WORD("x") | UINT64_C(0x5a) << 56, O_RDONLY), 0);
	ck_assert_str_eq(ev.arg[1].str, "x");
	ck_assert_uint_eq(abi_address(abi_named("aarch64"), UINT64_C(0x5a7fffffffffff10)), UINT64_C(0x7fffffffffff10));
	ck_assert_uint_eq(abi_address(abi_named("aarch64"), UINT64_C(0x0080000000000010)), UINT64_C(0xff80000000000010));
	ck_assert_uint_eq(abi_address(abi_named("x86_64"), UINT64_C(0x5a00000000000010)), UINT64_C(0x5a00000000000010));
	ck_assert_uint_eq(abi_address(abi_named("arm"), UINT64_C(0x5affffff10)), 0xffffff10);
	ck_assert_uint_eq(abi_address(abi_named("i386"), UINT64_C(0x5affffff10)), 0xffffff10);
}
END_TEST

START_TEST(unknown_number_is_no_error)
{
	struct rawcall raw = { .tid = getpid(), .abi = abi_named("x86_64"), .nr = 2000, .args = { 1, 2 } };

	ck_assert_int_eq(decode(&map, &raw, &arena, &ev, &pins), 0);
	ck_assert_int_eq(ev.id, SYS_ID_none);
	ck_assert_uint_eq(ev.nr, 2000);
	ck_assert_uint_eq(ev.arg[1].val, 2);
}
END_TEST

START_TEST(unreadable_is_an_error)
{
	ck_assert_int_eq(CALL("x86_64", "openat", 0, 8, 0), -EFAULT);
	ck_assert_int_eq(CALL("x86_64", "connect", 3, 8, 16), -EFAULT);
	ck_assert_int_eq(CALL("x86_64", "sendmsg", 3, 8, 0), -EFAULT);
	ck_assert_int_eq(CALL("x86_64", "clone3", 8, 88), -EFAULT);
}
END_TEST

START_TEST(reads_addresses)
{
	struct sockaddr_in in = { AF_INET, htons(80), { htonl(INADDR_LOOPBACK) }, { 0 } };

	ck_assert_int_eq(CALL("x86_64", "connect", 3, WORD(&in), sizeof(in)), 0);
	ck_assert_uint_eq(ev.arg[1].len, sizeof(in));
	ck_assert_mem_eq(ev.arg[1].mem, &in, sizeof(in));
	ck_assert_int_eq(CALL("x86_64", "connect", 3, WORD(&in), (uint64_t)-1), -EINVAL);
	ck_assert_int_eq(CALL("x86_64", "connect", 3, WORD(&in), 4096), -EINVAL);
	ck_assert_int_eq(CALL("x86_64", "sendto", 3, 0, 0, 0, 0, 0), 0);
	ck_assert_ptr_null(ev.arg[4].mem);
}
END_TEST

START_TEST(reads_messages)
{
	struct sockaddr_in in = { AF_INET, htons(53), { htonl(INADDR_LOOPBACK) }, { 0 } };
	union { char room[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr align; } control = { { 0 } };
	struct mmsghdr many[2] = { { { .msg_name = &in, .msg_namelen = sizeof(in) }, 0 } };
	struct cmsghdr *c;

	many[1].msg_hdr = (struct msghdr){ .msg_name = &in, .msg_namelen = sizeof(in),
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	c = CMSG_FIRSTHDR(&many[1].msg_hdr);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	ck_assert_int_eq(CALL("x86_64", "sendmsg", 3, WORD(&many[1].msg_hdr), 0), 0);
	ck_assert_uint_eq(arg("scm_rights"), 2);
	ck_assert_uint_eq(ev.arg[1].len, sizeof(in));
	ck_assert_int_eq(CALL("x86_64", "sendmmsg", 3, WORD(many), 2, 0), 0);
	ck_assert_uint_eq(ev.nmore, 0);		/* the first is all that will be sent */
	ck_assert_uint_eq(ev.arg[1].len, sizeof(in));
	ck_assert_uint_eq(arg("scm_rights"), 0);
	ck_assert(pins.first_only);
	ck_assert_int_eq(CALL("x86_64", "sendmmsg", 3, WORD(&many[1]), 1, 0), 0);
	ck_assert_uint_eq(arg("scm_rights"), 2);
	ck_assert_int_eq(CALL("x86_64", "recvmsg", 3, WORD(&many[1].msg_hdr), 0), 0);
	ck_assert_uint_eq(arg("controllen"), sizeof(control));
}
END_TEST

/* Rooms for control data that add up to nothing, more messages than are looked at, a route of its own. */
START_TEST(sees_through_messages)
{
	static struct mmsghdr many[1025];
	union { char room[CMSG_SPACE(8)]; struct cmsghdr align; } control = { { 0 } };
	struct msghdr routed = { .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&routed);

	many[0].msg_hdr = (struct msghdr){ .msg_control = &control, .msg_controllen = (size_t)1 << 63 };
	many[1].msg_hdr = many[0].msg_hdr;
	ck_assert_int_eq(CALL("x86_64", "recvmmsg", 3, WORD(many), 2, 0, 0), 0);
	ck_assert_uint_ne(arg("controllen"), 0);
	ck_assert_int_eq(CALL("x86_64", "recvmmsg", 3, WORD(many), 1025, 0, 0), -EINVAL);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(8), .cmsg_level = IPPROTO_IP, .cmsg_type = 7 /* IP_RETOPTS */ };
	ck_assert_int_eq(CALL("x86_64", "sendmsg", 3, WORD(&routed), 0), -EPERM);
}
END_TEST

START_TEST(reads_extensible_structs)
{
	uint64_t how[4] = { O_RDWR | O_CREAT, 0600, 4, 0 }, clone[12] = { 0x12300, 0, 0, 0, SIGCHLD };

	ck_assert_int_eq(CALL("x86_64", "openat2", (uint32_t)AT_FDCWD, WORD("y"), WORD(how), 24), 0);
	ck_assert_uint_eq(arg("flags"), O_RDWR | O_CREAT);
	ck_assert_uint_eq(arg("resolve"), 4);
	ck_assert_int_eq(CALL("x86_64", "openat2", (uint32_t)AT_FDCWD, WORD("y"), WORD(how), 32), 0);
	how[3] = 1;
	ck_assert_int_eq(CALL("x86_64", "openat2", (uint32_t)AT_FDCWD, WORD("y"), WORD(how), 32), -E2BIG);
	ck_assert_int_eq(CALL("x86_64", "openat2", (uint32_t)AT_FDCWD, WORD("y"), WORD(how), 16), -EINVAL);
	ck_assert_int_eq(CALL("x86_64", "clone3", WORD(clone), 88), 0);
	ck_assert_uint_eq(arg("flags"), 0x12300);
	ck_assert_uint_eq(arg("exit_signal"), SIGCHLD);
}
END_TEST

/* The blocks must lie where 32-bit pointers reach. */
#define LOW	((void *)0x10000000)
START_TEST(unfolds_carried_calls)
{
	uint32_t *block = mmap(LOW, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(block, LOW);
	block[0] = AF_INET;
	block[1] = SOCK_DGRAM;
	ck_assert_int_eq(CALL("i386", "socketcall", 1, WORD(block)), 0);
	ck_assert_int_eq(ev.id, SYS_ID_socket);
	ck_assert_uint_eq(arg("domain"), AF_INET);
	ck_assert_uint_eq(arg("type"), SOCK_DGRAM);
	ck_assert_int_eq(CALL("i386", "socketcall", 99, WORD(block)), 0);
	ck_assert_int_eq(ev.id, SYS_ID_none);
	ck_assert_int_eq(CALL("i386", "socketcall", 1, 8), -EFAULT);
	ck_assert_int_eq(CALL("i386", "ipc", 1 << 16 | 23, 11, 22, 33), 0);
	ck_assert_int_eq(ev.id, SYS_ID_shmget);
	ck_assert_uint_eq(ev.arg[1].val, 22);
	block[2] = PROT_READ | PROT_EXEC;
	ck_assert_int_eq(CALL("i386", "old_mmap", WORD(block)), 0);
	ck_assert_int_eq(ev.id, SYS_ID_mmap);
	ck_assert_uint_eq(arg("prot"), PROT_READ | PROT_EXEC);
	munmap(block, 4096);
}
END_TEST

static const struct {
	uint32_t audit_arch;
	uint64_t nr;
	const char *abi;
	uint32_t cut;
} gates[] = {
	{ AUDIT_ARCH_X86_64, 257, "x86_64", 257 },
	{ AUDIT_ARCH_X86_64, UINT64_C(1) << 32 | 257, "x86_64", 257 },
	{ AUDIT_ARCH_X86_64, 0x40000000 | 257, "x32", 257 },
	{ AUDIT_ARCH_X86_64, UINT64_MAX, "x86_64", UINT32_MAX },
	{ AUDIT_ARCH_I386, 5, "i386", 5 },
	{ AUDIT_ARCH_AARCH64, UINT64_C(7) << 32 | 56, "aarch64", 56 },
	{ AUDIT_ARCH_AARCH64, UINT64_MAX, "aarch64", UINT32_MAX },
	{ AUDIT_ARCH_ARM, 0xf0005, "arm", 0xf0005 },
};

START_TEST(tells_the_abi)
{
	uint32_t nr = 0;
	const struct abi *named = abi_named(gates[_i].abi), *abi = arch_abi(map.arch, gates[_i].audit_arch, gates[_i].nr, &nr);

	ck_assert_ptr_eq(abi, named);
	ck_assert_str_eq(abi->name, gates[_i].abi);
	ck_assert_uint_eq(nr, gates[_i].cut);
}
END_TEST

static const struct {
	int status;
	enum stop_kind kind;
	int sig, code;
} stops[] = {
	{ 0x0700, STOP_EXITED, 0, 7 },
	{ 9, STOP_KILLED, 9, 0 },
	{ 11 | 0x80, STOP_KILLED, 11, 0 },			/* with a core */
	{ 0x7f | (SIGTRAP | 0x80) << 8, STOP_CALL, 0, 0 },
	{ 0x7f | SIGTRAP << 8, STOP_SIGNAL, SIGTRAP, 0 },	/* forged or real: only a signal */
	{ 0x7f | SIGSTOP << 8, STOP_SIGNAL, SIGSTOP, 0 },
	{ 0x7f | SIGTRAP << 8 | 1 << 16, STOP_FORK, SIGTRAP, 0 },
	{ 0x7f | SIGTRAP << 8 | 3 << 16, STOP_FORK, SIGTRAP, 0 },
	{ 0x7f | SIGTRAP << 8 | 4 << 16, STOP_EXEC, SIGTRAP, 0 },
	{ 0x7f | SIGTRAP << 8 | 128 << 16, STOP_FIRST, SIGTRAP, 0 },
	{ 0x7f | SIGTSTP << 8 | 128 << 16, STOP_GROUP, SIGTSTP, 0 },
	{ 0x7f | SIGTRAP << 8 | 7 << 16, STOP_FILTER, SIGTRAP, 0 },
	{ 0x7f | SIGTRAP << 8 | 9 << 16, STOP_IMPOSSIBLE, SIGTRAP, 0 },
	{ 0xffff, STOP_IMPOSSIBLE, 0, 0 },
};

START_TEST(parses_status)
{
	struct stop s = stop_parse(stops[_i].status);

	ck_assert_int_eq(s.kind, stops[_i].kind);
	ck_assert_int_eq(s.sig, stops[_i].sig);
	ck_assert_int_eq(s.code, stops[_i].code);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("decode");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, cuts_to_the_width_the_kernel_uses);
	tcase_add_test(t, cuts_to_sixteen_bits);
	tcase_add_test(t, keeps_words_whole);
	tcase_add_test(t, pairs_registers_on_32_bit);
	tcase_add_test(t, aligns_pairs);
	tcase_add_test(t, arm_has_an_order_of_its_own);
	tcase_add_test(t, knows_private_numbers);
	tcase_add_test(t, takes_tags_off_pointers);
	tcase_add_test(t, unknown_number_is_no_error);
	tcase_add_test(t, unreadable_is_an_error);
	tcase_add_test(t, reads_addresses);
	tcase_add_test(t, reads_messages);
	tcase_add_test(t, sees_through_messages);
	tcase_add_test(t, reads_extensible_structs);
	tcase_add_test(t, unfolds_carried_calls);
	tcase_add_loop_test(t, tells_the_abi, 0, sizeof(gates) / sizeof(*gates));
	tcase_add_loop_test(t, parses_status, 0, sizeof(stops) / sizeof(*stops));
	suite_add_tcase(s, t);
	return run_suite(s);
}
