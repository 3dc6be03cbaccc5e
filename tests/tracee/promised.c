/* SPDX-License-Identifier: ISC */
/*
 * promised WORD: does one thing that a promise is for.  Ends with 0 when the
 * kernel was asked, whatever it answered; with 1 when a policy answered in its
 * place, which says EBADSLT, an error that no kernel gives here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static void *
nothing(void *arg)
{
	return arg;
}

/* Each returns -1 and errno where something failed. */

static int
threads(void)
{
	pthread_t t;

	errno = pthread_create(&t, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(t, NULL);
}

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int
serve(void)
{
	struct sockaddr_in a = loopback(0);
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		return -1;
	fcntl(s, F_SETFL, O_NONBLOCK);
	return accept(s, NULL, NULL);
}

static int
call(void)
{
	struct sockaddr_in a = loopback(1);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return s < 0 ? -1 : connect(s, (struct sockaddr *)&a, sizeof(a));
}

static int
ask(void)
{
	struct sockaddr_in a = loopback(53);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	return s < 0 ? -1 : (int)sendto(s, "", 0, 0, (struct sockaddr *)&a, sizeof(a));
}

static int
join(void)
{
	struct ip_mreq m = { .imr_multiaddr.s_addr = htonl(0xe00000fb), .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	return s < 0 ? -1 : setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m));
}

static int
local(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		return -1;
	return connect(c, (struct sockaddr *)&a, sizeof(a));
}

static int
interfaces(void)
{
	struct ifaddrs *list;

	if (getifaddrs(&list))
		return -1;
	freeifaddrs(list);
	return 0;
}

/* A descriptor in a message, through a pair of one's own. */
struct parcel {
	struct msghdr msg;
	struct iovec iov;
	char byte;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

static void
wrap(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov = (struct iovec){ &p->byte, 1 };
	p->msg = (struct msghdr){ .msg_iov = &p->iov, .msg_iovlen = 1, .msg_control = &p->control,
	    .msg_controllen = sizeof(p->control) };
	p->control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
	    .cmsg_type = SCM_RIGHTS };
}

static int
give(void)
{
	struct parcel p;
	int pair[2];

	wrap(&p);
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : (int)sendmsg(pair[0], &p.msg, 0);
}

static int
take(void)
{
	struct parcel p;
	int pair[2];

	wrap(&p);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(pair[0], "", 1) < 0)
		return -1;
	return (int)recvmsg(pair[1], &p.msg, 0);
}

static bool
messages_pass(void)
{
	char sent[] = "hello", got[8] = "";
	struct iovec out = { sent, 5 }, in = { got, sizeof(got) }, halves[2] = { { got, 2 }, { got + 2, 6 } };
	struct mmsghdr many[2] = { { .msg_hdr = { .msg_iov = &out, .msg_iovlen = 1 } }, { .msg_hdr = { .msg_iov = &out, .msg_iovlen = 1 } } };
	struct msghdr whole = { .msg_iov = &in, .msg_iovlen = 1, .msg_flags = -1 }, parts = { .msg_iov = halves, .msg_iovlen = 2 };
	int pair[2], n;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || sendmsg(pair[0], &many[0].msg_hdr, 0) != 5)
		return false;
	if (recvmsg(pair[1], &whole, 0) != 5 || whole.msg_flags || memcmp(got, sent, 5))
		return false;
	if (sendmsg(pair[0], &many[0].msg_hdr, 0) != 5 || recvmsg(pair[1], &parts, 0) != 5 || memcmp(got, sent, 5))
		return false;
	n = (int)syscall(SYS_sendmmsg, pair[0], many, 2, 0);
	return n < 0 ? errno == ENOSYS : n >= 1 && many[0].msg_len == 5 && recv(pair[1], got, 8, 0) == 5;
}

/* The length of a message whose last bytes lie in a page that may only be read is not written: EFAULT, as by the kernel. */
static bool
ends_at_page(void)
{
	enum { PAGE = 4096 };
	char sent[] = "hello", *room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec out = { sent, 5 };
	struct msghdr msg = { .msg_iov = &out, .msg_iovlen = 1 };
	char *last = room + PAGE - sizeof(msg) - 1;
	int pair[2];

	if (room == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return false;
	memset(room, 'x', 2 * PAGE);
	memcpy(last, &msg, sizeof(msg));
	if (mprotect(room + PAGE, PAGE, PROT_READ) || syscall(SYS_sendmmsg, pair[0], last, 1, 0) >= 0)
		return false;
	return (errno == EFAULT || errno == ENOSYS) && room[PAGE] == 'x' && room[PAGE + 1] == 'x' && room[PAGE + 2] == 'x';
}

/* Without any descriptors in them: one, into one buffer and into two, and several by one call, where there is such a call; and one whose length has no room. */
static int
messages(void)
{
	if (messages_pass() && ends_at_page())
		return 0;
	errno = EBADSLT;
	return -1;
}

static int
share(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);
	void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
	int err = errno;

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	errno = err;
	return at == (void *)-1 ? -1 : 0;
}

static int
nameless(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -1 : fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
}

static int
watch(void)
{
	int fd = inotify_init1(IN_NONBLOCK);

	return fd < 0 ? -1 : inotify_add_watch(fd, ".", IN_CREATE);
}

static int
keys(void)
{
	return (int)syscall(SYS_keyctl, 0, -4, 0);	/* the number of the user's keyring, if there is one */
}

static int
confine(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);	/* asks for the version */
}

/* A clock that there is not: nothing is set. */
static int
set_clock(void)
{
	struct timespec now = { 0 };

	return clock_settime(60, &now);
}

static int
become(void)
{
	return setresuid(getuid(), geteuid(), (uid_t)-1);
}

#ifndef SYS_getrlimit
#define SYS_getrlimit	SYS_ugetrlimit
#endif

static int
limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0)
		return setrlimit(RLIMIT_NOFILE, &r);
	/* Without prlimit64 (Linux 2.6.36), as programs do that know. */
	return syscall(SYS_getrlimit, RLIMIT_NOFILE, &r) || syscall(SYS_setrlimit, RLIMIT_NOFILE, &r);
}

static int
signal_child(void)
{
	pid_t child = fork();

	if (child == 0)
		pause();
	return child < 0 ? -1 : kill(child, SIGKILL);
}

/* Requests on a descriptor that does not know them. */
static int
request(unsigned long cmd)
{
	char room[4096] = { 0 };

	return ioctl(open("/dev/null", O_RDWR), cmd, room);
}

static int sound(void) { return request(0x80044100); }
static int camera(void) { return request(0x80685600); }
static int graphics(void) { return request(0xc0406400); }
static int machine(void) { return request(0xae00); }
static int wind(void) { return request(0x40086d01); }
static int size(void) { return request(0x1268); }
static int window(void) { return request(TIOCGWINSZ); }
static int address(void) { return request(0x8915); }
static int reroute(void) { return request(0x890b); }

static const struct {
	const char *word;
	int (*act)(void);
} acts[] = {
	{ "address", address }, { "ask", ask }, { "become", become }, { "call", call }, { "camera", camera },
	{ "clock", set_clock }, { "confine", confine }, { "give", give }, { "graphics", graphics },
	{ "interfaces", interfaces }, { "join", join }, { "keys", keys }, { "limit", limit }, { "local", local },
	{ "machine", machine }, { "messages", messages }, { "nameless", nameless }, { "reroute", reroute }, { "serve", serve },
	{ "share", share }, { "signal", signal_child }, { "size", size }, { "sound", sound }, { "take", take },
	{ "threads", threads }, { "watch", watch }, { "wind", wind }, { "window", window },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(acts[i].word, argv[1]))
			continue;
		return acts[i].act() && errno == EBADSLT;
	}
	fprintf(stderr, "usage: promised WORD\n");
	return 2;
}
