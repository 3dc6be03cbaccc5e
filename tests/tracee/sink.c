/* SPDX-License-Identifier: ISC */
/*
 * What must not be reached: two ports on which everything listens, sockets
 * by name in FOLDER, and abstract ones.  First it prints the ports, GOOD and
 * BAD; then a line for all that comes to another place than GOOD.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX = 16 };

static struct pollfd sock[MAX];
static const char *name[MAX];
static int n;

static void
watch(int fd, const char *as)
{
	sock[n].fd = fd;
	sock[n].events = POLLIN;
	name[n++] = as;
}

static int
listens(int type, const void *a, socklen_t len)
{
	int fd = socket(((const struct sockaddr *)a)->sa_family, type, 0), on = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (fd >= 0 && bind(fd, a, len) == 0 && (type == SOCK_DGRAM || listen(fd, 64) == 0))
		return fd;
	close(fd);
	return -1;
}

/* TCP and UDP on one port; IPv6 where there is any. */
static int
port(const char *tcp, const char *udp)
{
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET };
		struct sockaddr_in6 b = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
		socklen_t len = sizeof(a);
		int t = listens(SOCK_STREAM, &a, sizeof(a)), u, fd;

		getsockname(t, (struct sockaddr *)&a, &len);
		u = listens(SOCK_DGRAM, &a, sizeof(a));
		if (u < 0) {
			close(t);
			continue;
		}
		watch(t, tcp);
		watch(u, udp);
		b.sin6_port = a.sin_port;
		if ((fd = listens(SOCK_STREAM, &b, sizeof(b))) >= 0)
			watch(fd, tcp);
		if ((fd = listens(SOCK_DGRAM, &b, sizeof(b))) >= 0)
			watch(fd, udp);
		return ntohs(a.sin_port);
	}
	return 0;
}

static void
local(int type, const char *fmt, const char *arg, const char *as)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int abstract = *fmt == '@';
	int len = snprintf(a.sun_path, sizeof(a.sun_path), fmt, arg);

	if (abstract)
		a.sun_path[0] = '\0';
	watch(listens(type, &a, (socklen_t)(2 + len + !abstract)), as);
	if (!abstract)
		chmod(a.sun_path, 0666);
}

int
main(int argc, char **argv)
{
	int good = port(NULL, NULL), bad = port("tcp", "udp");
	char id[32], buf[64];

	if (argc < 2 || !good || !bad)
		return 1;
	snprintf(id, sizeof(id), "%d", bad);
	local(SOCK_STREAM, "%s/forbidden/stream", argv[1], "unix stream");
	local(SOCK_DGRAM, "%s/forbidden/dgram", argv[1], "unix dgram");
	local(SOCK_STREAM, "@tollgate-test-%s", id, "abstract stream");
	local(SOCK_DGRAM, "@tollgate-test-d%s", id, "abstract dgram");
	printf("%d %d\n", good, bad);
	fflush(stdout);
	while (poll(sock, (nfds_t)n, -1) > 0)
		for (int i = 0; i < n; i++) {
			if (!sock[i].revents)
				continue;
			if (recv(sock[i].fd, buf, sizeof(buf), MSG_DONTWAIT) < 0)
				close(accept(sock[i].fd, NULL, NULL));
			if (name[i])
				printf("%s\n", name[i]);
			fflush(stdout);
		}
	return 1;
}
