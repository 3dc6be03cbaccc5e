/* SPDX-License-Identifier: ISC */
/* Every way to get something out: $BAD is the port that may not be reached, $GOOD the one that may. */
#include "attempt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

static uint16_t
port(const char *which)
{
	const char *s = getenv(which);

	return htons((uint16_t)(s ? atoi(s) : 9));
}

static socklen_t
v4(union address *a, const char *ip)
{
	a->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port("BAD") };
	inet_pton(AF_INET, ip, &a->in.sin_addr);
	return sizeof(a->in);
}

static socklen_t
v6(union address *a, const char *ip)
{
	a->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port("BAD") };
	inet_pton(AF_INET6, ip, &a->in6.sin6_addr);
	return sizeof(a->in6);
}

static bool
no_ipv6(void)
{
	return access("/proc/net/if_inet6", F_OK) != 0;
}

/* A socket of the address's own kind, connected. */
static int
joins(int type, const union address *a, socklen_t len)
{
	int fd = socket(a->sa.sa_family, type, 0);

	return fd < 0 ? REFUSED : done(connect(fd, &a->sa, len));
}

static int
join4(int type, const char *ip)
{
	union address a;

	return joins(type, &a, v4(&a, ip));
}

static int
join6(int type, const char *ip)
{
	union address a;

	return no_ipv6() ? ABSENT : joins(type, &a, v6(&a, ip));
}

static int tcp(void) { return join4(SOCK_STREAM, "127.0.0.1"); }
static int tcp_any(void) { return join4(SOCK_STREAM, "0.0.0.0"); }
static int tcp_other_loopback(void) { return join4(SOCK_STREAM, "127.9.9.9"); }
static int tcp_nonblocking(void) { return join4(SOCK_STREAM | SOCK_NONBLOCK, "127.0.0.1") == REACHED || errno == EINPROGRESS; }
static int udp(void) { return join4(SOCK_DGRAM, "127.0.0.1"); }
static int udp_broadcast(void) { return join4(SOCK_DGRAM, "127.255.255.254"); }
static int tcp6(void) { return join6(SOCK_STREAM, "::1"); }
static int tcp6_any(void) { return join6(SOCK_STREAM, "::"); }
static int tcp6_mapped(void) { return join6(SOCK_STREAM, "::ffff:127.0.0.1"); }
static int tcp6_mapped_any(void) { return join6(SOCK_STREAM, "::ffff:0.0.0.0"); }
static int udp6(void) { return join6(SOCK_DGRAM, "::1"); }
static int udp6_mapped(void) { return join6(SOCK_DGRAM, "::ffff:127.0.0.1"); }

/* An IPv4 address on an IPv6 socket. */
static int
udp6_as_v4(void)
{
	union address a;

	return no_ipv6() ? ABSENT : done(connect(socket(AF_INET6, SOCK_DGRAM, 0), &a.sa, v4(&a, "127.0.0.1")));
}

/* First where one may, then elsewhere. */
static int
udp_again(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	a.in.sin_port = port("GOOD");
	if (connect(fd, &a.sa, len) < 0)
		return REFUSED;
	v4(&a, "127.0.0.1");
	return done(connect(fd, &a.sa, len));
}

/* Garbage where the kernel does not look. */
static int
tcp_long(void)
{
	union address a;

	memset(&a, 0xff, sizeof(a));
	v4(&a, "127.0.0.1");
	return done(connect(socket(AF_INET, SOCK_STREAM, 0), &a.sa, 128));
}

static int
tcp_wide(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return done(syscall(SYS_connect, (unsigned long)fd | (unsigned long)0xabcd << 16 << 16, &a, len | (unsigned long)1 << 16 << 16));
}

static int
sends_to(int type, int flags, union address *a, socklen_t len)
{
	int family = a->sa.sa_family ? a->sa.sa_family : AF_INET;

	return done(sendto(socket(family, type, 0), "x", 1, flags, len ? &a->sa : NULL, len));
}

static int
sendto_udp(void)
{
	union address a;

	return sends_to(SOCK_DGRAM, 0, &a, v4(&a, "127.0.0.1"));
}

static int
sendto_any(void)
{
	union address a;

	return sends_to(SOCK_DGRAM, 0, &a, v4(&a, "0.0.0.0"));
}

static int
sendto_unspec(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");

	a.sa.sa_family = AF_UNSPEC;
	return sends_to(SOCK_DGRAM, 0, &a, len);
}

static int
sendto_udp6(void)
{
	union address a;

	return no_ipv6() ? ABSENT : sends_to(SOCK_DGRAM, 0, &a, v6(&a, "::1"));
}

static int
sendto_mapped(void)
{
	union address a;

	return no_ipv6() ? ABSENT : sends_to(SOCK_DGRAM, 0, &a, v6(&a, "::ffff:127.0.0.1"));
}

static int
sendto_short6(void)
{
	union address a;

	v6(&a, "::1");
	return no_ipv6() ? ABSENT : sends_to(SOCK_DGRAM, 0, &a, 24);
}

static int
sendto_fastopen(void)
{
	union address a;

	return sends_to(SOCK_STREAM, MSG_FASTOPEN, &a, v4(&a, "127.0.0.1"));
}

static int
message(int type, int flags, union address *a, socklen_t len)
{
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_name = a, .msg_namelen = len, .msg_iov = &v, .msg_iovlen = 1 };

	return done(sendmsg(socket(a->sa.sa_family, type, 0), &m, flags));
}

static int
sendmsg_udp(void)
{
	union address a;

	return message(SOCK_DGRAM, 0, &a, v4(&a, "127.0.0.1"));
}

static int
sendmsg_mapped(void)
{
	union address a;

	return no_ipv6() ? ABSENT : message(SOCK_DGRAM, 0, &a, v6(&a, "::ffff:127.0.0.1"));
}

static int
sendmsg_fastopen(void)
{
	union address a;

	return message(SOCK_STREAM, MSG_FASTOPEN, &a, v4(&a, "127.0.0.1"));
}

/* A name longer than any address is cut by the kernel, not refused. */
static int
sendmsg_long(void)
{
	union address a;

	v4(&a, "127.0.0.1");
	return message(SOCK_DGRAM, 0, &a, 4000);
}

/* One for where it may go and one for where not. */
static int
sendmmsg_two(void)
{
	union address a[2];
	struct iovec v = { "x", 1 };
	struct mmsghdr m[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		m[i].msg_hdr = (struct msghdr){ .msg_name = &a[i], .msg_namelen = v4(&a[i], "127.0.0.1"), .msg_iov = &v, .msg_iovlen = 1 };
	}
	a[0].in.sin_port = port("GOOD");
	return sendmmsg(socket(AF_INET, SOCK_DGRAM, 0), m, 2, 0) == 2 ? REACHED : REFUSED;
}

/* Names of sockets. */

static socklen_t
named(union address *a, const char *name)
{
	a->un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->un.sun_path, sizeof(a->un.sun_path), "%s", name);
	return sizeof(a->un);
}

static int
join_name(const char *name)
{
	union address a;

	return joins(SOCK_STREAM, &a, named(&a, name));
}

static int unix_absolute(void) { return join_name(in_box("forbidden/stream")); }
static int unix_relative(void) { return join_name("../forbidden/stream"); }
static int unix_link(void) { return join_name("middle/stream"); }

static int
unix_new_link(void)
{
	return symlink("../forbidden/stream", "sock") < 0 && errno != EEXIST ? REFUSED : join_name("sock");
}

static int
unix_proc(void)
{
	return join_name(text("/proc/self/fd/%d/forbidden/stream", open(box, O_PATH)));
}

static int
unix_no_end(void)
{
	union address a;

	named(&a, "../forbidden/stream");
	return joins(SOCK_STREAM, &a, (socklen_t)(2 + strlen(a.un.sun_path)));
}

static int
unix_dgram(void)
{
	union address a;

	return sends_to(SOCK_DGRAM, 0, &a, named(&a, "../forbidden/dgram"));
}

static int
unix_dgram_message(void)
{
	union address a;

	return message(SOCK_DGRAM, 0, &a, named(&a, "middle/dgram"));
}

static socklen_t
abstract(union address *a, const char *kind)
{
	named(a, text("@tollgate-test-%s%s", kind, getenv("BAD") ? getenv("BAD") : ""));
	a->un.sun_path[0] = '\0';
	return (socklen_t)(2 + 1 + strlen(a->un.sun_path + 1));
}

static int
unix_abstract(void)
{
	union address a;

	return joins(SOCK_STREAM, &a, abstract(&a, ""));
}

static int
unix_abstract_dgram(void)
{
	union address a;

	return sends_to(SOCK_DGRAM, 0, &a, abstract(&a, "d"));
}

/* Being reached. */

static int
binds(const union address *a, socklen_t len)
{
	return done(bind(socket(a->sa.sa_family, SOCK_STREAM, 0), &a->sa, len));
}

static int
bind_port(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");

	a.in.sin_port = 0;
	return binds(&a, len);
}

static int
bind_any6(void)
{
	union address a;
	socklen_t len = v6(&a, "::");

	a.in6.sin6_port = 0;
	return no_ipv6() ? ABSENT : binds(&a, len);
}

static int
bind_name(void)
{
	union address a;

	return binds(&a, named(&a, "../forbidden/mine"));
}

static int
bind_name_link(void)
{
	union address a;

	return binds(&a, named(&a, "middle/mine2"));
}

static int
bind_abstract(void)
{
	union address a;

	return binds(&a, abstract(&a, "mine"));
}

static int
bind_auto(void)
{
	union address a = { .sa.sa_family = AF_UNIX };

	return binds(&a, 2);
}

/* Other families, and those that hide behind AF_INET. */

static int socket_netlink(void) { return done(socket(AF_NETLINK, SOCK_RAW, 0)); }
static int socket_packet(void) { return done(socket(AF_PACKET, SOCK_RAW, htons(3))); }
static int socket_old_packet(void) { return done(socket(AF_INET, 10 /* SOCK_PACKET */, htons(3))); }
static int socket_wide(void) { return done(syscall(SYS_socket, AF_NETLINK | (unsigned long)1 << 16 << 16, SOCK_RAW, 0)); }

/* Descriptors for others. */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr
passing(union control *c, struct iovec *v)
{
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof(*c) };

	*v = (struct iovec){ "x", 1 };
	CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
	CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
	CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
	memset(CMSG_DATA(CMSG_FIRSTHDR(&m)), 0, sizeof(int));
	return m;
}

static int
pass_descriptor(void)
{
	union control c;
	struct iovec v;
	struct msghdr m = passing(&c, &v);
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ? REFUSED : done(sendmsg(pair[0], &m, 0));
}

static int
pass_descriptor_second(void)
{
	union control c;
	struct iovec v;
	struct mmsghdr m[2] = { { .msg_hdr = passing(&c, &v) }, { .msg_hdr = passing(&c, &v) } };
	int pair[2];

	m[0].msg_hdr.msg_control = NULL;
	m[0].msg_hdr.msg_controllen = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return REFUSED;
	return sendmmsg(pair[0], m, 2, 0) == 2 ? REACHED : REFUSED;
}

/* i386's one call for all of them. */

#ifdef __i386__
static long
socketcall(int call, long a, long b, long c, long d, long e, long f)
{
	long args[6] = { a, b, c, d, e, f };

	return syscall(SYS_socketcall, call, args);
}
#else
static long
socketcall(int call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	errno = ENOSYS;
	return -1;
}
#endif

static int
call_connect(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");

	return done(socketcall(3, socketcall(1, AF_INET, SOCK_STREAM, 0, 0, 0, 0), (long)&a, (long)len, 0, 0, 0));
}

static int
call_bind(void)
{
	union address a;
	socklen_t len = abstract(&a, "theirs");

	return done(socketcall(2, socketcall(1, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0), (long)&a, (long)len, 0, 0, 0));
}

static int
call_sendto(void)
{
	union address a;
	socklen_t len = v4(&a, "127.0.0.1");

	return done(socketcall(11, socket(AF_INET, SOCK_DGRAM, 0), (long)"x", 1, 0, (long)&a, (long)len));
}

static int
call_sendmsg(void)
{
	union address a;
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_name = &a, .msg_namelen = v4(&a, "127.0.0.1"), .msg_iov = &v, .msg_iovlen = 1 };

	return done(socketcall(16, socket(AF_INET, SOCK_DGRAM, 0), (long)&m, 0, 0, 0, 0));
}

static int
call_sendmmsg(void)
{
	union address a;
	struct iovec v = { "x", 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_name = &a, .msg_namelen = v4(&a, "127.0.0.1"), .msg_iov = &v, .msg_iovlen = 1 } };

	return done(socketcall(20, socket(AF_INET, SOCK_DGRAM, 0), (long)&m, 1, 0, 0, 0));
}

static int
call_pass(void)
{
	union control c;
	struct iovec v;
	struct msghdr m = passing(&c, &v);
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ? REFUSED :
	    done(socketcall(16, pair[0], (long)&m, 0, 0, 0, 0));
}

static int call_socket(void) { return done(socketcall(1, AF_NETLINK, SOCK_RAW, 0, 0, 0, 0)); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
#define W(fn) { #fn, fn, BITS64 }
#define N(fn) { #fn, fn, BITS32 }
static const struct attempt list[] = {
	A(tcp), A(tcp_any), A(tcp_other_loopback), A(tcp_nonblocking), A(tcp_long), W(tcp_wide), A(udp), A(udp_broadcast),
	A(udp_again), A(tcp6), A(tcp6_any), A(tcp6_mapped), A(tcp6_mapped_any), A(udp6_as_v4), A(udp6), A(udp6_mapped),
	A(sendto_udp), A(sendto_any), A(sendto_unspec), A(sendto_udp6), A(sendto_mapped), A(sendto_short6),
	A(sendto_fastopen), A(sendmsg_udp), A(sendmsg_mapped), A(sendmsg_fastopen), A(sendmsg_long), A(sendmmsg_two),
	A(unix_absolute), A(unix_relative), A(unix_link), A(unix_new_link), A(unix_proc), A(unix_no_end), A(unix_dgram),
	A(unix_dgram_message), A(unix_abstract), A(unix_abstract_dgram),
	A(bind_port), A(bind_any6), A(bind_name), A(bind_name_link), A(bind_abstract), A(bind_auto),
	A(socket_netlink), R(socket_packet), R(socket_old_packet), W(socket_wide),
	A(pass_descriptor), A(pass_descriptor_second),
	N(call_connect), N(call_bind), N(call_sendto), N(call_sendmsg), N(call_sendmmsg), N(call_pass), N(call_socket),
};
ATTEMPTS(list)
