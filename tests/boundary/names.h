/* SPDX-License-Identifier: ISC */
#ifndef TG_NAMES_H
#define TG_NAMES_H

/*
 * Names of what must not be reached, in every spelling, and of what may.  The
 * box has allowed/ and outside/.  In allowed/, where the program is, names
 * come in pairs that differ in one letter: g and gd are its own, e and ed lead
 * outside; swap and paws, last and tsal change places all the time.
 */

#include "arena.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *box = "/nonexistent";
static unsigned good_port, bad_port;
static int main_pid, own_pid;

/* What is outside. */
static const char *const canaries[] = {
	"secret", "secret", "secret", "file", "victim1", "victim2", "victim3", "victim4", "dir", "dir/new", "dir/new2", "link", "run", "vast",
	"script", "", ".", "hollow", "sock", "dgram", "dir/..", "dir/../secret",
};

/* What is allowed, and as good as those. */
static const char *const own[] = {
	"g", "gd", "gd/file", "file", "dir", "dir/file", "dir/new", "new", "swap", "last", "short", "run", "script", "fifo", "hollow",
	"good.sock", "good.dgram", "dir/hollow", "es",
};

static const char *
any_name(const char *const *list, unsigned n)
{
	return list[any(n)];
}
#define NAME_OF(list) any_name(list, sizeof(list) / sizeof(*(list)))

/* Prints a way to something that is outside. */
static void
spell_evil(char *s, size_t n)
{
	const char *what = NAME_OF(canaries);

	switch (any(24)) {
	case 0:
	case 1: snprintf(s, n, "%s/outside/%s", box, what); break;
	case 2:
	case 3: snprintf(s, n, "../outside/%s", what); break;
	case 4: snprintf(s, n, "e"); break;
	case 5:
	case 6: snprintf(s, n, "ed/%s", what); break;
	case 7:
	case 8: snprintf(s, n, "swap/%s", what); break;
	case 9: snprintf(s, n, "last"); break;
	case 10: snprintf(s, n, "/proc/self/cwd/../outside/%s", what); break;
	case 11: snprintf(s, n, "/proc/self/root%s/outside/%s", box, what); break;
	case 12: snprintf(s, n, "/proc/self/fd/%u/%s", any(36), what); break;
	case 13: snprintf(s, n, "/proc/thread-self/fd/%u/../outside/%s", any(36), what); break;
	case 14: snprintf(s, n, "/proc/%u/root%s/outside/%s", 1 + any(8), box, what); break;
	case 15: snprintf(s, n, "/proc/%u/fd/%u", 1 + any(8), any(64)); break;
	case 16: snprintf(s, n, "/proc/%u/cwd/../outside/%s", 1 + any(8), what); break;
	case 17: snprintf(s, n, "dir/../..//outside/./%s", what); break;
	case 18: snprintf(s, n, "%s/allowed/dir/up/%s", box, what); break;
	case 19: snprintf(s, n, "swap/../outside/%s", what); break;
	case 20: snprintf(s, n, "/dev/fd/%u/%s", any(36), what); break;
	case 21: snprintf(s, n, "dir/chain/%s", what); break;
	case 22: snprintf(s, n, "ed/%s/", what); break;
	default: snprintf(s, n, "swap/./%s", what); break;
	}
}

static void
spell_own(char *s, size_t n)
{
	const char *what = NAME_OF(own);

	switch (any(9)) {
	case 0: snprintf(s, n, "%s/allowed/%s", box, what); break;
	case 1: snprintf(s, n, "/proc/self/fd/%u", any(36)); break;
	case 2: snprintf(s, n, "/proc/self/cwd/%s", what); break;
	case 3: snprintf(s, n, "n%u", any(12)); break;
	case 4: snprintf(s, n, "dir/n%u", any(12)); break;
	case 5: snprintf(s, n, "./dir/../%s", what); break;
	default: snprintf(s, n, "%s", what); break;
	}
}

/* What else there is. */
static const char *const odd_names[] = {
	"", "", ".", "..", "/", "//", "/proc/self/mem", "/proc/self/exe", "/proc/self/maps", "/proc/self/fd", "/proc/self/task", "/proc/self/environ",
	"/proc/self/map_files", "/proc/thread-self", "/proc/self/ns/mnt", "/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx", "/dev/full",
	"/dev/shm", "/proc/self/attr/current", "/proc/self/oom_score_adj", "/proc/self/timerslack_ns", "/proc/self/coredump_filter", "/proc/kcore",
	"/dev/fuse", "/dev/userfaultfd", "/bin/true", "/etc/passwd", "/proc/self/pagemap", "/proc/self/comm", "/proc/self/clear_refs",
	"/sys/fs/cgroup/cgroup.procs", "/proc/1/environ", "/proc/2/maps", "/proc/3/mem", "/lib/ld-linux.so.2",
};

/* Longer than it looks, or too long. */
static void
lengthen(char *s, size_t n)
{
	char rest[PATH_MAX];
	size_t len = strlen(s), pad = any(2) ? n - len - 1 - any(8) : any((unsigned)(n - len));

	if (s[0] == '/' || len >= sizeof(rest) || len + pad >= n)
		return;
	memcpy(rest, s, len + 1);
	pad &= ~(size_t)1;
	for (size_t i = 0; i < pad; i += 2)
		memcpy(s + i, "./", 2);
	memcpy(s + pad, rest, len + 1);
}

static void
spell(char *s, size_t n)
{
	unsigned way = any(16);

	if (way < 9)
		spell_evil(s, n);
	else if (way < 14)
		spell_own(s, n);
	else
		snprintf(s, n, "%s", NAME_OF(odd_names));
	if (once_in(24))
		lengthen(s, n);
}

/* A name of which one letter leads outside, at the time. */
static char *
put_flipped(void)
{
	char s[64];
	char *p;

	if (any(2)) {
		snprintf(s, sizeof(s), "gd/%s", NAME_OF(canaries));
		p = put(s, (unsigned)strlen(s) + 1);
	} else if (any(3)) {
		p = put("g", 2);
	} else {
		p = put("gs", 3);
	}
	flip_set(p, 1, 'g', 'e');
	return p;
}

static char *
put_name(void)
{
	static __thread char s[PATH_MAX + 64];

	if (once_in(4))
		return put_flipped();
	spell(s, once_in(6) ? sizeof(s) : PATH_MAX);
	if (once_in(40) && *s)
		s[any((unsigned)strlen(s))] ^= (char)(1 << any(8));
	return put(s, (unsigned)strlen(s) + 1);
}

/* What can be executed, and what must not be. */
static char *
put_program(void)
{
	static const char *const programs[] = {
		"run", "script", "/proc/self/exe", "%s/bin/fuzzer", "%s/allowed/run", "../outside/run", "%s/outside/run", "../outside/script", "ed/run", "swap/run",
		"ed/script", "gd/run", "/bin/true",
	};
	char s[PATH_MAX];

	if (once_in(4))
		return put_name();
	snprintf(s, sizeof(s), PICK(programs), box);
	return put(s, (unsigned)strlen(s) + 1);
}

/* Socket addresses.  Returns how long it is. */

static unsigned
address_inet(struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	static const uint32_t hosts[] = { INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_ANY, INADDR_LOOPBACK + 1, INADDR_BROADCAST, 0x7fffffff, 0xe0000001 };

	in->sin_family = once_in(16) ? AF_UNSPEC : AF_INET;
	in->sin_port = htons((uint16_t)(any(4) ? bad_port : any(3) ? good_port : any(65536)));
	in->sin_addr.s_addr = htonl(PICK(hosts));
	return sizeof(*in);
}

static unsigned
address_inet6(struct sockaddr_storage *to)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)to;
	static const char *const hosts[] = { "::1", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "fe80::1", "ff02::1" };

	in->sin6_family = AF_INET6;
	in->sin6_port = htons((uint16_t)(any(4) ? bad_port : any(3) ? good_port : any(65536)));
	in->sin6_scope_id = any(3);
	inet_pton(AF_INET6, PICK(hosts), &in->sin6_addr);
	return once_in(8) ? 24 : sizeof(*in);
}

static unsigned
address_unix(struct sockaddr_storage *to)
{
	static const char *const sockets[] = {
		"../outside/sock", "../outside/dgram", "ed/sock", "ed/dgram", "swap/sock", "swap/dgram", "gs", "es", "good.sock", "good.dgram",
		"../outside/dir/new", "new.sock", "dir/new.sock", "/proc/self/cwd/../outside/dgram", "../outside/secret", "ed/dir/bound",
	};
	struct sockaddr_un *un = (struct sockaddr_un *)to;
	const char *s = PICK(sockets);
	unsigned len = (unsigned)strlen(s);

	un->sun_family = AF_UNIX;
	if (once_in(4)) {	/* a name without a file */
		un->sun_path[0] = '\0';
		len = (unsigned)snprintf(un->sun_path + 1, 40, "tollgate-%s-%u", any(4) ? "canary" : "good", bad_port) + 1;
		return (unsigned)offsetof(struct sockaddr_un, sun_path) + len;
	}
	if (once_in(3))
		len = (unsigned)snprintf(un->sun_path, sizeof(un->sun_path), "%s/allowed/%s", box, s);
	else
		memcpy(un->sun_path, s, len);
	if (len > sizeof(un->sun_path))
		len = sizeof(un->sun_path);
	return (unsigned)offsetof(struct sockaddr_un, sun_path) + len + any(2);
}

static unsigned
any_address(struct sockaddr_storage *to)
{
	memset(to, 0, sizeof(*to));
	switch (any(8)) {
	case 0: case 1: case 2: return address_inet(to);
	case 3: return address_inet6(to);
	case 4: case 5: case 6: return address_unix(to);
	}
	to->ss_family = (uint16_t)any(48);
	return any(sizeof(*to));
}

/* Where what is rewritten lies in it. */
static void
flip_address(char *p, const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET || a->ss_family == AF_INET6)
		flip_set(p + 2, 2, htons((uint16_t)good_port), htons((uint16_t)bad_port));
	else if (a->ss_family == AF_UNIX && p[2] == 'g')
		flip_set(p + 2, 1, 'g', 'e');
}

static char *
put_address(unsigned *len)
{
	struct sockaddr_storage a;
	char *p;

	*len = any_address(&a);
	p = put(&a, *len);
	if (any(2))
		flip_address(p, &a);
	if (once_in(16))
		*len = any(sizeof(a));
	return p;
}

#endif
