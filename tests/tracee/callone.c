/* SPDX-License-Identifier: ISC */
/*
 * Makes one call:  callone NUMBER [ARGUMENT]...
 *
 *	-100, 0x80000		a word
 *	s:TEXT			text
 *	buf:N			N bytes of zero
 *	argv:			{ "callone", NULL }
 *	fd:PATH			PATH opened for reading
 *	in:ADDR:PORT		socket addresses; the length is a word of its own
 *	in6:ADDR:PORT
 *	un:PATH  ab:NAME	AF_UNIX: a path; an abstract name
 *	fam:N			nothing but a family
 *	msg:ADDRESS		struct msghdr with that address as its name
 *	fds:N			struct msghdr that passes N descriptors
 *	room:N			struct msghdr with room for N bytes of control data
 *	how:FLAGS:MODE:RESOLVE	struct open_how
 *	clone:FLAGS:SIGNAL	struct clone_args
 *
 * With no number: gets ready and does nothing.  Prints how the call ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *
is(const char *arg, const char *kind)
{
	return strncmp(arg, kind, strlen(kind)) ? NULL : arg + strlen(kind);
}

static void *
zeros(size_t n)
{
	return calloc(1, n ? n : 1);
}

/* "FIRST:SECOND:…", numbers, as 64-bit words. */
static uint64_t *
words(const char *text, size_t n)
{
	uint64_t *w = zeros(n * sizeof(*w));

	for (size_t i = 0; *text; text += *text == ':') {
		char *end;

		w[i++] = strtoull(text, &end, 0);
		text = end;
	}
	return w;
}

static void *
address(const char *arg, socklen_t *len)
{
	struct sockaddr_storage *s = zeros(sizeof(*s));
	struct sockaddr_in6 *in6 = (void *)s;
	struct sockaddr_in *in = (void *)s;
	struct sockaddr_un *un = (void *)s;
	char host[64] = "";
	const char *p;

	if ((p = is(arg, "un:")) || (p = is(arg, "ab:"))) {
		un->sun_family = AF_UNIX;
		strcpy(un->sun_path + (arg[0] == 'a'), p);
		*len = (socklen_t)(2 + 1 + strlen(p));
	} else if ((p = is(arg, "in:"))) {
		in->sin_family = AF_INET;
		memcpy(host, p, strcspn(p, ":"));
		inet_pton(AF_INET, host, &in->sin_addr);
		in->sin_port = htons((uint16_t)atoi(strrchr(p, ':') + 1));
		*len = sizeof(*in);
	} else if ((p = is(arg, "in6:"))) {
		in6->sin6_family = AF_INET6;
		memcpy(host, p, (size_t)(strrchr(p, ':') - p));
		inet_pton(AF_INET6, host, &in6->sin6_addr);
		in6->sin6_port = htons((uint16_t)atoi(strrchr(p, ':') + 1));
		*len = sizeof(*in6);
	} else if ((p = is(arg, "fam:"))) {
		s->ss_family = (sa_family_t)atoi(p);
		*len = 16;
	} else {
		return NULL;
	}
	return s;
}

static struct msghdr *
message(void)
{
	static char byte[1];
	static struct iovec iov = { byte, 1 };
	struct msghdr *m = zeros(sizeof(*m));

	m->msg_iov = &iov;
	m->msg_iovlen = 1;
	return m;
}

static struct msghdr *
with_control(size_t n)
{
	struct msghdr *m = message();

	m->msg_control = zeros(n);
	m->msg_controllen = n;
	return m;
}

static struct msghdr *
passing(size_t nfds)
{
	struct msghdr *m = with_control(CMSG_SPACE(nfds * sizeof(int)));
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
	m->msg_controllen = c->cmsg_len;
	return m;
}

static uint64_t
value(const char *arg)
{
	static char *argv[] = { (char *)"callone", NULL };
	struct msghdr *m;
	socklen_t len;
	const char *p;
	uint64_t *w;

	if ((p = is(arg, "s:")))
		return (uintptr_t)p;
	if ((p = is(arg, "buf:")))
		return (uintptr_t)zeros(strtoul(p, NULL, 0));
	if (is(arg, "argv:"))
		return (uintptr_t)argv;
	if ((p = is(arg, "fd:")))
		return (uint64_t)open(p, O_RDONLY);
	if ((p = is(arg, "msg:"))) {
		m = message();
		m->msg_name = address(p, &m->msg_namelen);
		return (uintptr_t)m;
	}
	if ((p = is(arg, "fds:")))
		return (uintptr_t)passing(strtoul(p, NULL, 0));
	if ((p = is(arg, "room:")))
		return (uintptr_t)with_control(strtoul(p, NULL, 0));
	if ((p = is(arg, "how:")))
		return (uintptr_t)words(p, 3);
	if ((p = is(arg, "clone:"))) {
		w = words(p, 11);
		w[4] = w[1];
		w[1] = 0;
		return (uintptr_t)w;
	}
	p = address(arg, &len);
	return p ? (uintptr_t)p : strtoull(arg, NULL, 0);
}

int
main(int argc, char **argv)
{
	unsigned long a[7] = { 0 };
	long r;

	for (int i = 1; i < argc && i < 8; i++)
		a[i - 1] = (unsigned long)value(argv[i]);
	if (argc < 2)
		return 0;
	r = syscall((long)a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	printf("%ld, errno %d\n", r, r < 0 ? errno : 0);
	return 0;
}
