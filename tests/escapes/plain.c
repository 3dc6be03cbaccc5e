/* SPDX-License-Identifier: ISC */
/*
 * What a program can see of how its calls are made: it must be what it sees
 * without tollgate.  A line for each look; argv[1] is a folder of its own.
 */
#include "../tracee/attempt.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <ucontext.h>

enum { PAGE = 4096 };

/* Not every architecture has what others replace; there it is a call that is none. */
#ifndef SYS_open
#define SYS_open	-1
#define SYS_stat	-1
#define SYS_creat	-1
#define SYS_futimesat	-1
#endif

/* The first two arguments as a handler finds them. */
#if defined(__x86_64__)
#define SAVED(u)	{ (u)->uc_mcontext.gregs[REG_RDI], (u)->uc_mcontext.gregs[REG_RSI] }
#elif defined(__i386__)
#define SAVED(u)	{ (u)->uc_mcontext.gregs[REG_EBX], (u)->uc_mcontext.gregs[REG_ECX] }
#elif defined(__aarch64__)
#define SAVED(u)	{ (long)(u)->uc_mcontext.regs[0], (long)(u)->uc_mcontext.regs[1] }
#elif defined(__arm__)
#define SAVED(u)	{ (long)(u)->uc_mcontext.arm_r0, (long)(u)->uc_mcontext.arm_r1 }
#else
#error "where this architecture has a call's arguments is to be said here"
#endif

#ifdef SYS_newfstatat
enum { FSTATAT = SYS_newfstatat };
#else
enum { FSTATAT = SYS_fstatat64 };
#endif

static void
tell(const char *what, long r)
{
	printf("%s %s\n", what, r < 0 ? error_name(errno) : "ok");
	fflush(stdout);
}

/* A string of n bytes, which ends where memory ends. */
static char *
at_the_edge(size_t n, bool terminated)
{
	size_t room = (n / PAGE + 2) * PAGE;
	char *m = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *s;

	munmap(m + room, PAGE);
	s = m + room - n - terminated;
	memset(s, 'a', n);
	if (terminated)
		s[n] = '\0';
	return s;
}

static char *none[] = { NULL };

static void
v46_strings(void)
{
	static const size_t sizes[] = { 0, 1, 254, 255, 256, 4094, 4095, 4096, 4097, 8192 };
	struct stat st;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int terminated = 0; terminated < 2; terminated++) {
			const char *how = text("v46 %zu%s", sizes[i], terminated ? "" : " open-ended");
			char *s = at_the_edge(sizes[i], terminated);

			tell(text("%s open", how), open(s, O_RDONLY));
			tell(text("%s creat", how), sizes[i] > 100 ? open(s, O_WRONLY | O_CREAT, 0600) : -1);
			tell(text("%s stat", how), stat(s, &st));
			tell(text("%s mkdir", how), sizes[i] ? rmdir(s) : mkdir(s, 0700));
			tell(text("%s rename", how), rename(s, "x"));
			tell(text("%s rename to", how), rename("nothing", s));
			tell(text("%s symlink", how), symlink(s, "nothing/x"));
			tell(text("%s exec", how), execve(s, none, none));
			tell(text("%s chdir", how), chdir(s));
			tell(text("%s readlink", how), readlink(s, (char[8]){ 0 }, 8));
		}
	tell("v46 NULL open", syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY, 0));
	tell("v46 bad open", syscall(SYS_openat, AT_FDCWD, (void *)16, O_RDONLY, 0));
	tell("v46 kernel open", syscall(SYS_openat, AT_FDCWD, (void *)-4096L, O_RDONLY, 0));
	tell("v46 bad stat", stat((void *)8, &st));
	tell("v46 bad exec", syscall(SYS_execve, 8, none, none));
}

static void
v46_addresses(void)
{
	static const int lengths[] = { 0, 1, 2, 3, 8, 16, 107, 108, 109, 110, 111, 112, 128, 129, 4096, -1, INT_MIN };
	char room[256] = { 0 };
	struct sockaddr_un *a = (struct sockaddr_un *)room;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int s = socket(AF_UNIX, SOCK_DGRAM, 0);

		memset(room, 'y', sizeof(room));
		a->sun_family = AF_UNIX;
		tell(text("v46 connect %d", lengths[i]), connect(s, (void *)room, (socklen_t)lengths[i]));
		tell(text("v46 sendto %d", lengths[i]), sendto(s, "x", 1, 0, (void *)room, (socklen_t)lengths[i]));
		if (lengths[i] < 2 || lengths[i] > 90)
			tell(text("v46 bind %d", lengths[i]), bind(s, (void *)room, (socklen_t)lengths[i]));
		close(s);
	}
}

/* Last components that say where to look. */
static void
v68_spellings(void)
{
	static const char *const names[] = {
		"file/", "file/.", "file/..", "dir/", "dir//", "dir/.", "dir/..", "dir/../file", "link", "link/", "dirlink", "dirlink/",
		"dirlink/.", "dirlink/..", "dangling", "dangling/", "loop", "loop/", ".", "..", "./", "//", "/", "x (deleted)", "nothing",
		"nothing/", "nothing/..", "file/x", "deleted/..",
	};
	struct stat st;

	close(open("x (deleted)", O_WRONLY | O_CREAT, 0600));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *n = names[i];

		tell(text("v68 open %s", n), open(n, O_RDONLY));
		tell(text("v68 open dir %s", n), open(n, O_RDONLY | O_DIRECTORY));
		tell(text("v68 open nofollow %s", n), open(n, O_RDONLY | O_NOFOLLOW));
		tell(text("v68 path %s", n), open(n, O_PATH | O_NOFOLLOW));
		tell(text("v68 write %s", n), open(n, O_WRONLY));
		tell(text("v68 excl %s", n), open(n, O_WRONLY | O_CREAT | O_EXCL, 0600) < 0 ? -1 : unlink(n));
		tell(text("v68 create %s", n), strncmp(n, "nothing", 7) && strcmp(n, "dangling") ? open(n, O_WRONLY | O_CREAT, 0600) : -1);
		tell(text("v68 stat %s", n), stat(n, &st));
		tell(text("v68 lstat %s", n), lstat(n, &st));
		printf("v68 lstat %s %o\n", n, lstat(n, &st) < 0 ? 0 : st.st_mode & S_IFMT);
		tell(text("v68 access %s", n), access(n, R_OK));
		tell(text("v68 readlink %s", n), readlink(n, (char[64]){ 0 }, 64));
		tell(text("v68 mkdir %s", n), mkdir(n, 0700) < 0 ? -1 : rmdir(n));
		tell(text("v68 rmdir %s", n), strcmp(n, "dir/") && strcmp(n, "dir//") ? rmdir(n) : 0);
		tell(text("v68 unlink %s", n), strchr(n, '/') || n[0] == '.' ? unlink(n) : 0);
		/* To move all there is would move what nobody may: that is refused before it is busy. */
		if (n[0] != '/')
			tell(text("v68 rename %s", n), n[0] == '.' || strchr(n, '/') ? rename(n, "moved") < 0 ? -1 : rename("moved", n) : 0);
		tell(text("v68 link %s", n), link(n, "linked") < 0 ? -1 : unlink("linked"));
		tell(text("v68 symlink %s", n), symlink("a", n) < 0 ? -1 : unlink(n));
		if (n[0] == '/')
			continue;	/* of this machine */
		tell(text("v68 truncate %s", n), truncate(n, 0));
		tell(text("v68 chmod %s", n), chmod(n, 0755));
		tell(text("v68 utimes %s", n), utimensat(AT_FDCWD, n, NULL, AT_SYMLINK_NOFOLLOW));
	}
}

/* Objects by their descriptors alone. */
static void
v65_descriptors(void)
{
	static const struct timespec when[2] = { { 7, 0 }, { 7, 0 } };
	int file = open("file", O_RDWR), path = open("file", O_PATH), link_path = open("link", O_PATH | O_NOFOLLOW), gone;
	struct stat st;
	char b[64];
	int dir = open("dir", O_RDONLY | O_DIRECTORY), p[2];

	tell("v65 fstatat", fstatat(path, "", &st, AT_EMPTY_PATH));
	tell("v65 fstatat cwd", fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	tell("v65 fstatat NULL", syscall(FSTATAT, path, NULL, &st, AT_EMPTY_PATH));
	tell("v65 fstatat bad", fstatat(99, "", &st, AT_EMPTY_PATH));
	tell("v65 futimens", futimens(file, when));
	printf("v65 mtime %ld\n", fstat(file, &st) < 0 ? -1L : (long)st.st_mtime);
	tell("v65 futimens path", futimens(path, when));
	tell("v65 utimensat empty", utimensat(path, "", when, AT_EMPTY_PATH));
	tell("v65 utimensat NULL flags", syscall(SYS_utimensat, file, NULL, when, AT_SYMLINK_NOFOLLOW));
	tell("v65 utimensat link", utimensat(link_path, "", when, AT_EMPTY_PATH));
	printf("v65 mtime of link %ld\n", lstat("link", &st) < 0 ? -1L : (long)st.st_mtime);
	tell("v65 futimesat NULL", syscall(SYS_futimesat, file, NULL, NULL));
	tell("v65 utimensat NULL cwd", syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0));
	tell("v65 fchmod", fchmod(file, 0644));
	tell("v65 fchmod path", fchmod(path, 0644));
	tell("v65 fchown", fchown(file, (uid_t)-1, (gid_t)-1));
	tell("v65 fchown path", fchown(path, (uid_t)-1, (gid_t)-1));
	tell("v65 fchmod bad", fchmod(99, 0644));
	tell("v65 readlinkat", readlinkat(link_path, "", b, sizeof(b)));
	tell("v65 readlinkat file", readlinkat(path, "", b, sizeof(b)));
	tell("v65 openat empty", openat(path, "", O_RDONLY));
	tell("v65 reopen", open(text("/proc/self/fd/%d", path), O_RDWR));
	tell("v65 reopen link", open(text("/proc/self/fd/%d", link_path), O_RDONLY));
	tell("v65 fchdir path", fchdir(path));
	tell("v65 in dir", openat(dir, "nothing", O_RDONLY));
	tell("v65 in file", openat(file, "x", O_RDONLY));
	tell("v65 pipe reopened", pipe(p) < 0 ? -1 : open(text("/proc/self/fd/%d", p[0]), O_RDONLY | O_NONBLOCK));
	close(open("goes", O_WRONLY | O_CREAT, 0600));
	gone = open("goes", O_RDONLY);
	unlink("goes");
	tell("v65 deleted reopened", open(text("/proc/self/fd/%d", gone), O_RDONLY));
	tell("v65 deleted chmod", fchmod(gone, 0600));
	mkdir("deleted", 0700);
	gone = open("deleted", O_RDONLY | O_DIRECTORY);
	rmdir("deleted");
	tell("v65 deleted dir open", openat(gone, ".", O_RDONLY));
	tell("v65 deleted dir up", openat(gone, "..", O_RDONLY));
	tell("v65 deleted dir create", openat(gone, "x", O_WRONLY | O_CREAT, 0600));
	tell("v65 deleted dir mkdir", mkdirat(gone, "x", 0700));
	tell("v65 deleted dir fchdir", fchdir(gone));
	tell("v65 deleted cwd stat", stat(".", &st));
	tell("v65 deleted cwd create", open("x", O_WRONLY | O_CREAT, 0600));
	tell("v65 deleted cwd getcwd", syscall(SYS_getcwd, b, sizeof(b)));
	tell("v65 back", chdir(box));
}

/* Names that sockets go by. */
static void
v102_sockets(void)
{
	struct sockaddr_un server = { AF_UNIX, "server" }, client = { AF_UNIX, "client" }, seen = { 0 };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), c = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(seen);
	char b[8];

	tell("v102 bind", bind(s, (void *)&server, sizeof(server)) | bind(c, (void *)&client, sizeof(client)));
	getsockname(c, (void *)&seen, &len);
	printf("v102 name %.108s %u\n", seen.sun_path, len);
	tell("v102 sendto", sendto(c, "x", 1, 0, (void *)&server, sizeof(server)));
	len = sizeof(seen);
	tell("v102 recvfrom", recvfrom(s, b, sizeof(b), MSG_DONTWAIT, (void *)&seen, &len));
	printf("v102 from %.108s %u\n", seen.sun_path, len);
	tell("v102 reply", sendto(s, "y", 1, 0, (void *)&seen, len));
	tell("v102 bind again", bind(t, (void *)&server, sizeof(server)));
	memset(server.sun_path, 's', 100);
	tell("v102 bind long", bind(t, (void *)&server, sizeof(server)));
	tell("v102 listen", listen(t, 1));
	tell("v102 connect long", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&server, sizeof(server)));
}

/* sendmmsg(2) may send fewer than it was asked to. */
static void
v48_counts(void)
{
	struct iovec iov[3] = { { "a", 1 }, { "bb", 2 }, { "ccc", 3 } };
	struct mmsghdr m[3];
	int pair[2], done_so_far = 0, r = 1;
	char b[8];

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 3; i++) {
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return;
	while (done_so_far < 3 && r > 0) {
		r = (int)syscall(SYS_sendmmsg, pair[0], m + done_so_far, 3 - done_so_far, 0);
		done_so_far += r > 0 ? r : 0;
	}
	printf("v48 sent %d lengths %u %u %u\n", done_so_far, m[0].msg_len, m[1].msg_len, m[2].msg_len);
	for (int i = 0; i < 3; i++)
		printf("v48 received %zd\n", recv(pair[1], b, sizeof(b), MSG_DONTWAIT));
	close(pair[1]);
	tell("v48 broken", syscall(SYS_sendmmsg, pair[0], m, 3, MSG_NOSIGNAL));
	tell("v48 none", syscall(SYS_sendmmsg, pair[0], m, 0, 0));
	tell("v48 bad", syscall(SYS_sendmmsg, 99, m, 1, 0));
}

/* A call that blocks is interrupted: the handler sees what the program had put into the registers. */
static const char *fifo_name;
static volatile sig_atomic_t handled, wrong;

static void
looks(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	const long saved[2] = SAVED(u);

	(void)sig;
	(void)info;
	wrong += (int)saved[0] != AT_FDCWD || saved[1] != (long)fifo_name;
	if (++handled == 3)
		(void)!open(fifo_name, O_RDWR);		/* which lets the other one through */
}

static void
v13_restart(void)
{
	struct sigaction sa = { .sa_sigaction = looks, .sa_flags = SA_SIGINFO | SA_RESTART };
	const struct itimerval every = { { 0, 50000 }, { 0, 50000 } }, never = { { 0, 0 }, { 0, 0 } };
	long fd;

	fifo_name = strdup("fifo");
	mkfifo("fifo", 0600);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	fd = syscall(SYS_openat, AT_FDCWD, fifo_name, O_RDONLY, 0);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("v13 restart %s handled %s wrong %d\n", fd < 0 ? error_name(errno) : "ok", handled >= 3 ? "often" : "seldom", (int)wrong);
	handled = 0;
	sa.sa_flags = SA_SIGINFO;
	unlink("fifo");
	mkfifo("fifo", 0600);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	fd = syscall(SYS_openat, AT_FDCWD, fifo_name, O_RDONLY, 0);
	printf("v13 no restart %s wrong %d\n", fd < 0 ? errno == EINTR ? "EINTR" : error_name(errno) : "ok", (int)wrong);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* A filter of the program's own lets in one call, and that it makes. */
static void
only(long nr)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { sizeof(f) / sizeof(f[0]), f };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) < 0)
		_exit(77);
}

static void
filtered(const char *what, long nr, long a, long b, long c, long d)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		only(nr);
		syscall(nr, a, b, c, d);
		syscall(SYS_exit_group, 0);
	}
	waitpid(pid, &status, 0);
	printf("v28 %s %x\n", what, (unsigned)status);
	fflush(stdout);
}

static void
v28_filters(void)
{
	struct iovec iov = { "x", 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	int fd = open("file", O_RDWR), pair[2];
	struct stat st;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return;
	filtered("openat", SYS_openat, AT_FDCWD, (long)"file", O_RDONLY, 0);
	filtered("open", SYS_open, (long)"file", O_RDONLY, 0, 0);
	filtered("stat", SYS_stat, (long)"file", (long)&st, 0, 0);
	filtered("creat", SYS_creat, (long)"made", 0600, 0, 0);
	filtered("fchmod", SYS_fchmod, fd, 0644, 0, 0);
	filtered("fchown", SYS_fchown, fd, -1, -1, 0);
	filtered("fsetxattr", SYS_fsetxattr, fd, (long)"user.x", (long)"y", 1);
	filtered("fremovexattr", SYS_fremovexattr, fd, (long)"user.x", 0, 0);
	filtered("sendmmsg", SYS_sendmmsg, pair[0], (long)&m, 1, 0);
#ifdef SYS_listen
	filtered("listen", SYS_listen, socket(AF_INET, SOCK_STREAM, 0), 1, 0, 0);
	filtered("listen local", SYS_listen, pair[0], 1, 0, 0);
#endif
	filtered("sendmsg", SYS_sendmsg, pair[0], (long)&m.msg_hdr, 0, 0);
}

/* Many who wait at once. */
static void *
waits(void *arg)
{
	int fd = open("crowd", O_RDONLY);

	if (fd < 0)
		__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void
v86_crowd(void)
{
	enum { MANY = 200 };
	static pthread_t t[MANY];
	pthread_attr_t small;
	int failed = 0, fd;
	struct stat st;

	mkfifo("crowd", 0600);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < MANY; i++)
		if (pthread_create(&t[i], &small, waits, &failed))
			_exit(4);
	sleep(1);
	tell("v86 another call", stat("file", &st));
	fd = open("crowd", O_RDWR);
	tell("v86 the call that frees them", fd);
	if (fd < 0)
		_exit(5);
	for (int i = 0; i < MANY; i++)
		pthread_join(t[i], NULL);
	printf("v86 of %d that waited %d failed\n", MANY, failed);
}

/* A program is executed while other threads are in the middle of calls. */
static char **again;

static void *
loops(void *arg)
{
	struct stat st;

	for (;;)
		(void)!stat("file", &st);
	return arg;
}

static void *
blocks(void *arg)
{
	(void)!open("exec-fifo", O_RDONLY);
	return arg;
}

static void *
executes(void *arg)
{
	execv(again[0], (char *[]){ again[0], again[1], "nothing", NULL });
	_exit(9);
	return arg;
}

static void
v06_exec(void)
{
	enum { TIMES = 40 };
	int bad = 0, status;

	mkfifo("exec-fifo", 0600);
	for (int i = 0; i < TIMES; i++) {
		pid_t pid = fork();
		pthread_t t;

		if (pid == 0) {
			for (int k = 0; k < 4; k++)
				if (pthread_create(&t, NULL, k & 1 ? blocks : loops, NULL))
					_exit(8);
			usleep(200 * (useconds_t)(i % 10));
			if (i & 1)
				executes(NULL);
			pthread_create(&t, NULL, executes, NULL);
			for (;;)
				pause();
		}
		bad += waitpid(pid, &status, 0) != pid || status;
	}
	printf("v06 exec among threads: %d of %d went wrong\n", bad, TIMES);
}

/* Programs that make their own room smaller, then execute another: that can have no window as others have. */
static void
restricted(const char *what, int option, int resource, rlim_t limit)
{
	struct rlimit r = { limit, limit };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (option && prctl(option, 1, 0, 0, 0) < 0)
			_exit(77);
		if (!option && setrlimit((__rlimit_resource_t)resource, &r) < 0)
			_exit(77);
		execl(again[0], again[0], again[1], "one", NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	printf("v94 %s %x\n", what, (unsigned)status);
	fflush(stdout);
}

static void
v94_restrictions(void)
{
	enum { SET_MDWE = 65 };

	restricted("nothing", 0, RLIMIT_CPU, 600);
	restricted("no code that was written", SET_MDWE, 0, 0);
	restricted("few descriptors", 0, RLIMIT_NOFILE, 5);
	restricted("little memory", 0, RLIMIT_AS, 64 << 20);
	restricted("little data", 0, RLIMIT_DATA, 16 << 20);
	restricted("a small stack", 0, RLIMIT_STACK, 256 << 10);
	restricted("no locked memory", 0, RLIMIT_MEMLOCK, 0);
	restricted("no large files", 0, RLIMIT_FSIZE, 0);
	restricted("no messages", 0, RLIMIT_MSGQUEUE, 0);
}

/* What they execute: calls by name, which are held. */
static void
one_look(void)
{
	struct stat st;

	if (stat("file", &st) < 0 || open("file", O_RDONLY) < 0 || open("nothing", O_RDONLY) >= 0)
		_exit(6);
}

int
main(int argc, char **argv)
{
	static const struct { const char *name; void (*fn)(void); } looks_at[] = {
		{ "strings", v46_strings }, { "addresses", v46_addresses }, { "spellings", v68_spellings },
		{ "descriptors", v65_descriptors }, { "sockets", v102_sockets }, { "counts", v48_counts },
		{ "restart", v13_restart }, { "filters", v28_filters }, { "crowd", v86_crowd }, { "execs", v06_exec },
		{ "restrictions", v94_restrictions }, { "one", one_look },
	};

	if (argc < 3 || chdir(argv[1]) < 0)
		return 2;
	box = argv[1];
	again = argv;
	for (size_t i = 0; i < sizeof(looks_at) / sizeof(looks_at[0]); i++)
		if (!strcmp(argv[2], looks_at[i].name))
			looks_at[i].fn();
	fflush(stdout);
	return 0;
}
