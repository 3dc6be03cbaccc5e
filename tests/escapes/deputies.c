/* SPDX-License-Identifier: ISC */
/*
 * Attacks by way of others: a service outside that hands out what is
 * forbidden, by whatever door it can be asked; what a listener, a queue or a
 * segment of memory lets in; the doors of the kernel that lead past all
 * rules.  "serve" is that service.
 */
#include "escape.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { SECRET_FD = 40, LISTEN_FD = 41, TRIES_MESSAGES = 64 };

/* What the service says of itself, in allowed/service. */
static struct { int pid, shm, sem, msg, key, port; } service;

/* Addresses. */

static socklen_t
named(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(a->sun_path, path, sizeof(a->sun_path) - 1);
	return sizeof(*a);
}

static socklen_t
abstract(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "%.80s/bus", box));
}

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* The service. */

static int
listens(const struct sockaddr_un *a, socklen_t len)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(s, (const void *)a, len) < 0 || listen(s, 64) < 0)
		_exit(1);
	return s;
}

static int
shares_port(int *port)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(s, (void *)&a, len) < 0 || listen(s, 8) < 0 || getsockname(s, (void *)&a, &len) < 0)
		return -1;
	*port = ntohs(a.sin_port);
	return s;
}

/* "canary", and with it the secret file. */
static void
hand_out(int s)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "canary", 6 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = SECRET_FD;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sendmsg(s, &m, MSG_NOSIGNAL);
	close(s);
}

static const char *shm_name(void) { return text("/tollgate-test-%d", service.pid); }

static _Noreturn void
end_service(int sig)
{
	(void)sig;
	shmctl(service.shm, IPC_RMID, NULL);
	semctl(service.sem, 0, IPC_RMID);
	msgctl(service.msg, IPC_RMID, NULL);
	mq_unlink(shm_name());
	shm_unlink(shm_name());
	_exit(0);
}

static void
make_objects(void)
{
	struct { long type; char text[8]; } m = { 1, "canary" };
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 16 };
	char *p;
	int fd;
	mqd_t q;

	service.key = 0x70670000 | (service.pid & 0xffff);
	service.shm = shmget(service.key, 4096, IPC_CREAT | 0600);
	p = shmat(service.shm, NULL, 0);
	if (p != (void *)-1)
		strcpy(p, "canary");
	service.sem = semget(IPC_PRIVATE, 1, 0600);
	service.msg = msgget(IPC_PRIVATE, 0600);
	for (int i = 0; i < TRIES_MESSAGES; i++)
		msgsnd(service.msg, &m, sizeof(m.text), IPC_NOWAIT);
	q = mq_open(shm_name(), O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attr);
	for (int i = 0; i < 4 && q >= 0; i++)
		mq_send(q, "canary", 7, 0);
	fd = shm_open(shm_name(), O_CREAT | O_RDWR, 0600);
	(void)!write(fd, "canary", 6);
}

static void
tell_of_service(void)
{
	FILE *f = fopen(in_box("allowed/service.new"), "w");

	fprintf(f, "%d %d %d %d %d %d\n", service.pid, service.shm, service.sem, service.msg, service.key, service.port);
	fclose(f);
	rename(in_box("allowed/service.new"), in_box("allowed/service"));
}

static _Noreturn void
serve(const char *folder)
{
	struct sockaddr_un a;
	struct pollfd p[4];

	box = folder;
	service.pid = getpid();
	signal(SIGTERM, end_service);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(open(in_box("forbidden/secret"), O_RDONLY), SECRET_FD);
	make_objects();
	p[0].fd = listens(&a, named(&a, in_box("forbidden/bus")));
	p[1].fd = listens(&a, abstract(&a));
	p[2].fd = listens(&a, named(&a, in_box("allowed/peer")));
	p[3].fd = shares_port(&service.port);
	for (int i = 0; i < 4; i++)
		p[i].events = POLLIN;
	tell_of_service();
	while (poll(p, 4, -1) >= 0)
		for (int i = 0; i < 4; i++)
			if (p[i].revents)
				hand_out(accept(p[i].fd, NULL, NULL));
	end_service(0);
}

/* Asking it. */

static void
meet_service(void)
{
	FILE *f = fopen(in_box("allowed/service"), "r");

	if (!f || fscanf(f, "%d %d %d %d %d %d", &service.pid, &service.shm, &service.sem, &service.msg, &service.key, &service.port) != 6)
		_exit(3);
	fclose(f);
}

static int
asks(const struct sockaddr_un *a, socklen_t len)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	char b[8];

	if (connect(s, (const void *)a, len) < 0)
		return REFUSED;
	return read(s, b, sizeof(b)) == 6 && !memcmp(b, "canary", 6) ? REACHED : REFUSED;
}

static int
asks_at(const char *path)
{
	struct sockaddr_un a;

	return asks(&a, named(&a, path));
}

static int v100_bus(void) { return asks_at("../forbidden/bus"); }
static int v100_bus_by_path(void) { return asks_at(in_box("forbidden/bus")); }
static int v100_bus_by_directory(void) { return asks_at("ed/bus"); }
static int v100_bus_by_root(void) { return asks_at(text("/proc/self/root%s", in_box("forbidden/bus"))); }

static int
v100_bus_by_link(void)
{
	unlink("buslink");
	return symlink("../forbidden/bus", "buslink") < 0 ? REFUSED : asks_at("buslink");
}

static int
v100_bus_by_hard_link(void)
{
	unlink("hardbus");
	return link("../forbidden/bus", "hardbus") < 0 ? REFUSED : asks_at("hardbus");
}

static int
v100_bus_by_descriptor(void)
{
	int fd = open("../forbidden/bus", O_PATH);

	return fd < 0 ? REFUSED : asks_at(text("/proc/self/fd/%d", fd));
}

static int
v100_bus_entered(void)
{
	return chdir("../forbidden") < 0 ? REFUSED : asks_at("bus");
}

static int
v101_abstract(void)
{
	struct sockaddr_un a;

	return asks(&a, abstract(&a));
}

static int
v105_port(void)
{
	struct sockaddr_in a = loopback(service.port);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return done(connect(s, (void *)&a, sizeof(a)));
}

/* Descriptors from a peer who may be talked to. */

struct receipt {
	struct mmsghdr m;
	struct iovec iov;
	char room[256], data[16];
};

static int
to_peer(struct receipt *r)
{
	struct sockaddr_un a;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	memset(r, 0, sizeof(*r));
	r->iov = (struct iovec){ r->data, sizeof(r->data) };
	r->m.msg_hdr = (struct msghdr){ .msg_iov = &r->iov, .msg_iovlen = 1, .msg_control = r->room, .msg_controllen = sizeof(r->room) };
	return connect(s, (void *)&a, named(&a, "peer")) < 0 ? -1 : s;
}

static int
received(const struct receipt *r)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&r->m.msg_hdr);
	int fd;

	errno = ENODATA;
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return REFUSED;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return canary(fd);
}

static int
v75_recvmsg(void)
{
	struct receipt r;
	int s = to_peer(&r);

	return s < 0 || recvmsg(s, &r.m.msg_hdr, 0) < 0 ? REFUSED : received(&r);
}

static int
v75_recvmmsg(void)
{
	struct receipt r;
	int s = to_peer(&r);

	return s < 0 || recvmmsg(s, &r.m, 1, 0, NULL) < 0 ? REFUSED : received(&r);
}

static int
v75_socketcall(void)
{
#ifdef SYS_socketcall
	enum { RECVMSG = 17 };
	struct receipt r;
	long args[3] = { to_peer(&r), (long)&r.m.msg_hdr, 0 };

	return args[0] < 0 || syscall(SYS_socketcall, RECVMSG, args) < 0 ? REFUSED : received(&r);
#else
	return ABSENT;
#endif
}

static struct receipt *shared;

static void
other_room(bool evil)
{
	*(volatile size_t *)&shared->m.msg_hdr.msg_controllen = evil ? sizeof(shared->room) : 0;
}

static int
try_receive(void)
{
	int s = to_peer(shared), r;

	r = s < 0 || recvmsg(s, &shared->m.msg_hdr, 0) < 0 ? REFUSED : received(shared);
	close(s);
	return r;
}

static int
v75_room_made_meanwhile(void)
{
	share();
	shared = (struct receipt *)common->room;
	return race(other_room, try_receive);
}

static int
v74_taken_by_pidfd(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, service.pid, 0);

	return pidfd < 0 ? REFUSED : canary((int)syscall(SYS_pidfd_getfd, pidfd, SECRET_FD, 0));
}

/* Timers signal a task: tollgate's, where there is one. */
static int
v83_timer(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGKILL };
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");
	int tracer = 0, id;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "TracerPid: %d", &tracer) != 1)
		;
	e._sigev_un._tid = tracer ? tracer : getpid();
	return done(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id));
}

/* The kernel's own doors. */

static int
v92_keyring_of_parent(void)
{
	enum { KEYCTL_JOIN = 1, KEYCTL_TO_PARENT = 18 };

	if (syscall(SYS_keyctl, KEYCTL_JOIN, NULL) < 0)
		return ABSENT;
	return done(syscall(SYS_keyctl, KEYCTL_TO_PARENT));
}

static int
v93_set_mm(void)
{
	unsigned size;

	return done(prctl(PR_SET_MM, 15 /* PR_SET_MM_MAP_SIZE */, &size, 0, 0));
}

static int v94_landlock(void) { return done(syscall(444, NULL, 0, 1)); }

static int
v94_sealed_window(void)
{
	char *at = window();

	if (!at)
		at = mmap(NULL, window_size = 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return done(syscall(462 /* mseal */, at, window_size, 0));
}

static int
opened(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 && (errno == ENOENT || errno == ENXIO) ? ABSENT : done(fd);
}

static int v95_memory(void) { return opened("/dev/mem"); }
static int v95_ports(void) { return opened("/dev/port"); }
static int v95_machine(void) { return opened("/dev/kvm"); }
static int v95_loop(void) { return opened("/dev/loop-control"); }
static int v95_core_of_kernel(void) { return opened("/proc/kcore"); }
static int v95_core_of_kernel_by_root(void) { return opened("/proc/self/root/proc/../proc/kcore"); }

/* Listening: a port that nobody chose is bound by that, too. */

static int
listens_unbound(int family, int protocol)
{
	int s = socket(family, SOCK_STREAM, protocol);

	return s < 0 ? ABSENT : done(listen(s, 1));
}

static int v104_listen(void) { return listens_unbound(AF_INET, 0); }
static int v104_listen6(void) { return listens_unbound(AF_INET6, 0); }
static int v104_listen_mptcp(void) { return listens_unbound(AF_INET, 262); }

static int
v104_listen_by_socketcall(void)
{
#ifdef SYS_socketcall
	enum { LISTEN = 4 };
	long args[2] = { socket(AF_INET, SOCK_STREAM, 0), 1 };

	return done(syscall(SYS_socketcall, LISTEN, args));
#else
	return ABSENT;
#endif
}

static int
binds(in_addr_t ip, int port)
{
	struct sockaddr_in a = loopback(port);
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	a.sin_addr.s_addr = htonl(ip);
	setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	return done(bind(s, (void *)&a, sizeof(a)));
}

static int v104_bind_any_port(void) { return binds(INADDR_LOOPBACK, 0); }
static int v104_bind_any_address(void) { return binds(INADDR_ANY, 0); }
static int v104_port_shared(void) { return binds(INADDR_LOOPBACK, service.port); }

static int bound, unbound;

static void other_socket(bool evil) { dup2(evil ? unbound : bound, LISTEN_FD); }

static int
try_listen(void)
{
	int on = 0;
	socklen_t len = sizeof(on);

	if (listen(LISTEN_FD, 1) < 0)
		return REFUSED;
	getsockopt(unbound, SOL_SOCKET, SO_ACCEPTCONN, &on, &len);
	errno = ENODATA;
	return on ? REACHED : REFUSED;
}

static int
v104_listen_swapped(void)
{
	struct sockaddr_un a;

	bound = socket(AF_UNIX, SOCK_STREAM, 0);
	unbound = socket(AF_INET, SOCK_STREAM, 0);
	unlink("mine");
	if (bind(bound, (void *)&a, named(&a, "mine")) < 0)
		return REFUSED;
	other_socket(false);
	/* Where no descriptor can be taken out of a process (before Linux 5.6) it is not held: see SECURITY.md. */
	if (syscall(SYS_pidfd_open, getpid(), 0) < 0 && errno == ENOSYS)
		return ABSENT;
	return race_against(A_THREAD, other_socket, try_listen, tries() * (getenv("HELD") ? 1 : 1000));
}

/* Memory and queues that others made. */

static int
is_canary(const void *p)
{
	errno = ENODATA;
	return memcmp(p, "canary", 6) == 0 ? REACHED : REFUSED;
}

static int
v106_segment(void)
{
	char *p = shmat(service.shm, NULL, SHM_RDONLY);

	return p == (void *)-1 ? REFUSED : is_canary(p);
}

static int
v106_segment_by_key(void)
{
	int id = shmget(service.key, 4096, 0);
	struct shmid_ds ds;

	return id < 0 ? REFUSED : done(shmctl(id, IPC_STAT, &ds));
}

static int v106_segment_looked_at(void) { struct shmid_ds ds; return done(shmctl(service.shm, IPC_STAT, &ds)); }

static int
v106_semaphore(void)
{
	struct sembuf up = { 0, 1, IPC_NOWAIT };

	return done(semop(service.sem, &up, 1));
}

static int
v106_message(void)
{
	struct { long type; char text[8]; } m;

	return msgrcv(service.msg, &m, sizeof(m.text), 0, IPC_NOWAIT) < 0 ? REFUSED : is_canary(m.text);
}

/* The kernel looks at the low half of the number alone. */
static int
v106_segment_by_ipc(void)
{
#ifdef SYS_ipc
	enum { SHMGET = 23 };

	return done(syscall(SYS_ipc, SHMGET | 0x10000, service.key, 4096, 0, 0, 0));
#else
	return ABSENT;
#endif
}

static int
v106_queue(void)
{
	char b[16];
	mqd_t q = mq_open(shm_name(), O_RDONLY | O_NONBLOCK);

	return q < 0 || mq_receive(q, b, sizeof(b), NULL) < 0 ? REFUSED : is_canary(b);
}

static int v106_posix_segment(void) { return canary(shm_open(shm_name(), O_RDONLY, 0)); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
#define N(fn) { #fn, fn, BITS32 }
static const struct attempt list[] = {
	A(v100_bus), A(v100_bus_by_path), A(v100_bus_by_directory), A(v100_bus_by_root), A(v100_bus_by_link),
	A(v100_bus_by_hard_link), A(v100_bus_by_descriptor), A(v100_bus_entered), A(v101_abstract), A(v105_port),
	A(v75_recvmsg), A(v75_recvmmsg), N(v75_socketcall), A(v75_room_made_meanwhile), A(v74_taken_by_pidfd),
	A(v83_timer), A(v92_keyring_of_parent), A(v93_set_mm), A(v94_landlock), A(v94_sealed_window),
	R(v95_memory), R(v95_ports), R(v95_machine), R(v95_loop), R(v95_core_of_kernel), R(v95_core_of_kernel_by_root),
	A(v104_listen), A(v104_listen6), A(v104_listen_mptcp), N(v104_listen_by_socketcall), A(v104_bind_any_port),
	A(v104_bind_any_address), A(v104_port_shared), A(v104_listen_swapped),
	A(v106_segment), A(v106_segment_by_key), A(v106_segment_looked_at), A(v106_semaphore), A(v106_message),
	N(v106_segment_by_ipc), A(v106_queue), A(v106_posix_segment),
};

int
main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc > 1) {
		box = argv[1];
		meet_service();
	}
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
