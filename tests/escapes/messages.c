/* SPDX-License-Identifier: ISC */
/*
 * Addresses and messages that are rewritten between the look at them and their
 * use.  GOOD and BAD in the environment are ports of 127.0.0.1; in allowed/ gs
 * and gd/s lead to a good socket, es and ed/s to a forbidden one.
 */
#include "escape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static unsigned serial;

/* Addresses. */

static uint16_t
port(const char *which_one)
{
	const char *s = getenv(which_one);

	return htons((uint16_t)(s ? atoi(s) : 9));
}

static struct sockaddr_in *
inet(void)
{
	return (struct sockaddr_in *)common->room;
}

static struct sockaddr_un *
local(void)
{
	return (struct sockaddr_un *)common->room;
}

static uint16_t good_port, bad_port;

static void
other_port(bool evil)
{
	*(volatile uint16_t *)&inet()->sin_port = evil ? bad_port : good_port;
}

static void
begin_inet(void)
{
	share();
	good_port = port("GOOD");
	bad_port = port("BAD");
	*inet() = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = good_port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
whom(int fd, int connected)
{
	struct sockaddr_in peer = { 0 };
	socklen_t len = sizeof(peer);
	int r = connected < 0 || getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ? -1 : 0, err = errno;

	close(fd);
	errno = r ? err : ENODATA;
	return !r && peer.sin_port == bad_port ? REACHED : REFUSED;
}

/* Datagram sockets connect at once and leave nothing waiting. */
static int
try_connect(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return whom(fd, connect(fd, (struct sockaddr *)inet(), sizeof(*inet())));
}

static int
v52_connect_port(void)
{
	begin_inet();
	return race(other_port, try_connect);
}

static int receiver, sender;		/* the good end, ours */

/* Sent, but what came to the good end is not it. */
static int
went_elsewhere(long sent)
{
	char b[8];

	if (sent < 0)
		return REFUSED;
	if (recv(receiver, b, sizeof(b), MSG_DONTWAIT) > 0) {
		errno = ENODATA;
		return REFUSED;
	}
	return errno == EAGAIN ? REACHED : REFUSED;
}

static int
begin_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	begin_inet();
	receiver = socket(AF_INET, SOCK_DGRAM, 0);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(receiver, (struct sockaddr *)&a, len) < 0 || getsockname(receiver, (struct sockaddr *)&a, &len) < 0)
		return -1;
	good_port = inet()->sin_port = a.sin_port;
	return 0;
}

static int
try_sendto(void)
{
	return went_elsewhere(sendto(sender, "x", 1, 0, (struct sockaddr *)inet(), sizeof(*inet())));
}

static int
v52_sendto_port(void)
{
	return begin_udp() < 0 ? REFUSED : race(other_port, try_sendto);
}

static struct msghdr *
message(void)
{
	static struct iovec iov = { "x", 1 };
	struct msghdr *m = (struct msghdr *)(common->room + 1024);

	m->msg_name = inet();
	m->msg_namelen = sizeof(*inet());
	m->msg_iov = &iov;
	m->msg_iovlen = 1;
	return m;
}

static struct msghdr *flying;

static int try_sendmsg(void) { return went_elsewhere(sendmsg(sender, flying, 0)); }

static int
v52_sendmsg_port(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	return race(other_port, try_sendmsg);
}

/* The pointer to the address, and not the address. */
static void
other_name(bool evil)
{
	void *volatile *name = (void *volatile *)&flying->msg_name;

	*name = inet() + (evil ? 1 : 0);
}

static int
v40_sendmsg_name(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	return race(other_name, try_sendmsg);
}

static int
try_sendmmsg(void)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);
	int sent;

	m[0].msg_len = 77;
	m[1] = m[0];
	sent = (int)syscall(SYS_sendmmsg, sender, m, 1, 0);
	if (sent == 1 && m[0].msg_len != 1)
		return ABSENT;		/* not how that call is: no race to be won */
	return went_elsewhere(sent);
}

static int
v48_sendmmsg_port(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	return race(other_port, try_sendmmsg);
}

static void
one_of_many(bool evil)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);

	*(volatile uint16_t *)&((struct sockaddr_in *)m[2].msg_hdr.msg_name)->sin_port = evil ? bad_port : good_port;
}

/* Three messages; the last one's address is rewritten. */
static int
try_three(void)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);
	int sent = (int)syscall(SYS_sendmmsg, sender, m, 3, 0), came = 0;
	char b[8];

	if (sent < 0)
		return REFUSED;
	while (recv(receiver, b, sizeof(b), MSG_DONTWAIT) > 0)
		came++;
	errno = ENODATA;
	return came < sent ? REACHED : REFUSED;
}

static int
v48_sendmmsg_last(void)
{
	struct mmsghdr *m;

	if (begin_udp() < 0)
		return REFUSED;
	m = (struct mmsghdr *)(common->room + 1024);
	flying = message();
	m[1] = m[2] = m[0];
	inet()[1] = inet()[0];
	m[2].msg_hdr.msg_name = inet() + 1;
	return race(one_of_many, try_three);
}

/* Descriptors, which the policy lets nobody pass. */

static int pair[2];

static struct cmsghdr *
control(void)
{
	return (struct cmsghdr *)(common->room + 4096);
}

static void
control_length(bool evil)
{
	*(volatile size_t *)&flying->msg_controllen = evil ? CMSG_SPACE(sizeof(int)) : 0;
}

static void
control_type(bool evil)
{
	*(volatile int *)&control()->cmsg_type = evil ? SCM_RIGHTS : SCM_CREDENTIALS + 64;
}

static int
try_pass(void)
{
	char room[256], b[8];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c;

	if (sendmsg(pair[0], flying, 0) < 0 || recvmsg(pair[1], &m, MSG_DONTWAIT) < 0)
		return REFUSED;
	c = CMSG_FIRSTHDR(&m);
	errno = ENODATA;
	return c && c->cmsg_type == SCM_RIGHTS ? REACHED : REFUSED;
}

static int
passing(flip_fn *change)
{
	share();
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return REFUSED;
	flying = message();
	flying->msg_name = NULL;
	flying->msg_namelen = 0;
	flying->msg_control = control();
	flying->msg_controllen = CMSG_SPACE(sizeof(int));
	control()->cmsg_len = CMSG_LEN(sizeof(int));
	control()->cmsg_level = SOL_SOCKET;
	control()->cmsg_type = SCM_RIGHTS;
	return race(change, try_pass);
}

static int v40_sendmsg_control(void) { return passing(control_length); }
static int v40_sendmsg_control_type(void) { return passing(control_type); }

/* Sockets with names. */

static void
begin_local(const char *name)
{
	share();
	local()->sun_family = AF_UNIX;
	strcpy(local()->sun_path, name);
	flipped = local()->sun_path;
}

static int
try_connect_local(void)
{
	struct sockaddr_un peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int r = connect(fd, (struct sockaddr *)local(), sizeof(*local())), err = errno;

	if (r == 0)
		getpeername(fd, (struct sockaddr *)&peer, &len);
	close(fd);
	errno = r < 0 ? err : ENODATA;
	return strstr(peer.sun_path, "forbidden") ? REACHED : REFUSED;
}

static int
begin_dgram(void)
{
	struct sockaddr_un a = { AF_UNIX, "good.sock" };

	unlink(a.sun_path);
	receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
	sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	begin_local("gs");
	return bind(receiver, (struct sockaddr *)&a, sizeof(a));
}

static int
v52_connect_path(void)
{
	return begin_dgram() < 0 ? REFUSED : race(letter, try_connect_local);
}

static int
try_sendto_local(void)
{
	return went_elsewhere(sendto(sender, "x", 1, MSG_DONTWAIT, (struct sockaddr *)local(), sizeof(*local())));
}

static int
v52_sendto_path(void)
{
	return begin_dgram() < 0 ? REFUSED : race(letter, try_sendto_local);
}

static int
try_bind(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), r, err;
	char *good;

	sprintf(local()->sun_path + 1, "d/s%u", ++serial);
	good = text("dir/s%u", serial);
	r = bind(fd, (struct sockaddr *)local(), sizeof(*local())) < 0 ? REFUSED : elsewhere(good);
	err = errno;
	close(fd);
	unlink(good);
	errno = err;
	return r;
}

static int
v52_bind_path(void)
{
	begin_local("gd/s");
	return race_against(A_THREAD, letter, try_bind, tries() / 2 + 1);
}

/* i386: arguments in a block, and what they point to. */
#ifdef SYS_socketcall
enum { SOCKETCALL_CONNECT = 3, SOCKETCALL_SENDTO = 11, SOCKETCALL_SENDMSG = 16 };

static unsigned long *
block(void)
{
	return (unsigned long *)(common->room + 6144);
}

static void
other_block(bool evil)
{
	*(volatile unsigned long *)&block()[1] = (unsigned long)(inet() + (evil ? 1 : 0));
}

static int
try_block_connect(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	block()[0] = (unsigned long)fd;
	block()[2] = sizeof(*inet());
	return whom(fd, (int)syscall(SYS_socketcall, SOCKETCALL_CONNECT, block()));
}

static int
v37_socketcall_block(void)
{
	begin_inet();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	other_block(false);
	return race(other_block, try_block_connect);
}

static int
v37_socketcall_address(void)
{
	begin_inet();
	block()[1] = (unsigned long)inet();
	return race(other_port, try_block_connect);
}

static int
try_block_sendmsg(void)
{
	block()[0] = (unsigned long)sender;
	block()[1] = (unsigned long)flying;
	block()[2] = 0;
	return went_elsewhere(syscall(SYS_socketcall, SOCKETCALL_SENDMSG, block()));
}

static int
v37_socketcall_message(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	return race(other_name, try_block_sendmsg);
}
#else
static int v37_socketcall_block(void) { return ABSENT; }
static int v37_socketcall_address(void) { return ABSENT; }
static int v37_socketcall_message(void) { return ABSENT; }
#endif

#define A(fn) { #fn, fn, 0 }
static const struct attempt list[] = {
	A(v37_socketcall_block), A(v37_socketcall_address), A(v37_socketcall_message),
	A(v40_sendmsg_name), A(v40_sendmsg_control), A(v40_sendmsg_control_type),
	A(v48_sendmmsg_port), A(v48_sendmmsg_last),
	A(v52_connect_port), A(v52_sendto_port), A(v52_sendmsg_port), A(v52_connect_path), A(v52_sendto_path), A(v52_bind_path),
};

int
main(int argc, char **argv)
{
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
