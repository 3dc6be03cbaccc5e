/* SPDX-License-Identifier: ISC */
/*
 * Calls whose answer a tracer easily gets wrong.  Each word on the command line
 * is something to look at; what is printed must not depend on who watches.
 *
 * odd names DIR: in an empty directory; calls on names, with flags of all sorts
 * odd pidfds: signals by descriptors of processes and threads
 * odd ignored: waits without end, while signals come that are ignored
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Later than the headers may be; the same on all architectures. */
enum { NR_pidfd_send_signal = 424, NR_pidfd_open = 434, NR_openat2 = 437, NR_fchmodat2 = 452 };
struct how { uint64_t flags, mode, resolve; };
enum { NO_XDEV = 1, BENEATH = 8, IN_ROOT = 16, CACHED = 32 };

static void
say(const char *what, long result)
{
	if (result < 0)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: %s\n", what, result ? "done" : "0");
}

static void
open_how(const char *what, const char *path, struct how how, size_t size)
{
	long fd = (errno = 0, syscall(NR_openat2, AT_FDCWD, path, &how, size));

	say(what, fd);
	if (fd >= 0)
		close((int)fd);
}

static void
opened(void)
{
	const struct how make = { O_RDWR | O_CREAT, 0700, 0 };

	open_how("openat2 makes", "made", make, sizeof(make));
	if (errno == ENOSYS)
		return;
	open_how("openat2 finds what it would make", "made", make, sizeof(make));
	open_how("and beneath", "made", (struct how){ O_RDWR | O_CREAT, 0600, BENEATH }, sizeof(make));
	open_how("and in a root", "/made", (struct how){ O_RDONLY | O_CREAT, 0400, IN_ROOT }, sizeof(make));
	open_how("both at once", "made", (struct how){ O_RDONLY, 0, IN_ROOT | BENEATH }, sizeof(make));
	open_how("a mode without making", "made", (struct how){ O_RDONLY, 0600, 0 }, sizeof(make));
	open_how("the same of nothing", "none", (struct how){ O_RDONLY, 0600, 0 }, sizeof(make));
	open_how("a mode that there is not", "none", (struct how){ O_RDWR | O_CREAT, -1, 0 }, sizeof(make));
	open_how("wishes that there are not", "none", (struct how){ O_RDONLY, 0, UINT64_MAX }, sizeof(make));
	open_how("too small", "none", make, sizeof(make) - 1);
	open_how("out of it", "..", (struct how){ O_PATH, 0, BENEATH }, sizeof(make));
	open_how("up and down", "dir/../made", (struct how){ O_RDONLY, 0, BENEATH }, sizeof(make));
}

static void
flagged(void)
{
	say("rename with all flags", syscall(SYS_renameat2, AT_FDCWD, "none", AT_FDCWD, "other", 7));
	say("rename without replacing", syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "dir", 1));
	say("swap with nothing", syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "none", 2));
	say("unlink with odd flags", unlinkat(AT_FDCWD, "none", 0x8000));
	say("link with odd flags", linkat(AT_FDCWD, "none", AT_FDCWD, "other", 0x8000));
	say("chown with odd flags", fchownat(AT_FDCWD, "none", -1, -1, 0x8000));
	say("times with odd flags", utimensat(AT_FDCWD, "none", NULL, 0x8000));
	say("chmod of a link", syscall(NR_fchmodat2, AT_FDCWD, "none", 0600, 0x8000));
	say("fchmod of no descriptor", fchmod(AT_FDCWD, 0700));
	say("fchown of no descriptor", fchown(AT_FDCWD, -1, -1));
}

static void
described(void)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd = open("made", O_RDWR), temporary = open(".", O_TMPFILE | O_RDWR, 0600);
	struct stat st = { 0 };

	say("times by descriptor, of what is no link", syscall(SYS_utimensat, fd, "", old, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
	fstat(fd, &st);
	printf("modified %ld\n", (long)st.st_mtime);
	say("owner likewise", fchownat(fd, "", geteuid(), getegid(), AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
	say("a name for a temporary file", temporary < 0 ? -1 : linkat(temporary, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	say("is there", stat("named", &st));
	close(fd);
	close(temporary);
}

static int
names(const char *dir)
{
	if (chdir(dir) < 0 || mkdir("dir", 0700) < 0)
		return 2;
	opened();
	flagged();
	described();
	return 0;
}

static volatile sig_atomic_t handled;
static pid_t handler_tid;

static void
note(int sig)
{
	(void)sig;
	handled++;
	handler_tid = (pid_t)syscall(SYS_gettid);
}

static void
send_by(const char *what, int fd, int sig, siginfo_t *info, unsigned flags)
{
	handler_tid = 0;
	say(what, syscall(NR_pidfd_send_signal, fd, sig, info, flags));
	for (int i = 0; i < 50 && !handler_tid; i++)
		usleep(1000);
	printf("handled %d, %s\n", (int)handled, !handler_tid ? "by nobody" : handler_tid == getpid() ? "by the first" : "by another");
}

static volatile pid_t other;

static void *
stay(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);		/* so that what is for the process goes to the first */
	other = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();
	return arg;
}

static int
pidfds(void)
{
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	pthread_t thread;
	int self, of_thread;

	signal(SIGUSR1, note);
	signal(SIGUSR2, note);
	if (pthread_create(&thread, NULL, stay, NULL))
		return 2;
	while (!other)
		usleep(1000);
	self = (int)syscall(NR_pidfd_open, getpid(), 0);
	of_thread = (int)syscall(NR_pidfd_open, getpid(), O_EXCL);
	send_by("plain", self, SIGUSR1, NULL, 0);
	send_by("with what is sent along", self, SIGUSR1, &info, 0);
	send_by("which is another signal", self, SIGUSR2, &info, 0);
	send_by("odd flags", self, SIGUSR1, NULL, 0x8000);
	send_by("two scopes", self, SIGUSR1, NULL, 3);
	send_by("to the thread", self, SIGUSR1, NULL, 1);
	send_by("to the thread, with what is sent along", self, SIGUSR1, &info, 1);
	send_by("to the process", self, SIGUSR1, NULL, 2);
	send_by("by a descriptor of the thread", of_thread, SIGUSR1, NULL, 0);
	send_by("to oneself", -10000, SIGUSR1, NULL, 0);
	send_by("to one's process", -20000, SIGUSR1, NULL, 0);
	send_by("by none", -1, SIGUSR1, NULL, 0);
	return 0;
}

/* A child that ends, of which nobody wants to hear, and signals that are ignored; then what is waited for. */
static pid_t
disturb(void (*then)(void *), void *arg)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		for (int i = 0; i < 5; i++) {
			usleep(20000);
			if (fork() == 0)
				_exit(0);
			kill(parent, SIGUSR1);
			kill(parent, SIGWINCH);
			while (wait(NULL) > 0)
				;
		}
		if (fork() == 0)
			_exit(0);	/* an orphan: its end is our parent's */
		usleep(20000);
		then(arg);
		_exit(0);
	}
	return pid;
}

static void
write_byte(void *fd)
{
	write(*(int *)fd, "x", 1);
}

static void
raise_semaphore(void *id)
{
	struct sembuf up = { 0, 1, 0 };

	semop(*(int *)id, &up, 1);
}

static void
send_usr2(void *pid)
{
	kill(*(pid_t *)pid, SIGUSR2);
}

static int
ignored(void)
{
	int p[2], ep = epoll_create1(0), id = semget(IPC_PRIVATE, 1, 0600);
	struct epoll_event event = { .events = EPOLLIN };
	struct sembuf down = { 0, -1, 0 };
	pid_t self = getpid();
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	if (pipe(p) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event) < 0)
		return 2;
	disturb(write_byte, &p[1]);
	say("epoll_wait", epoll_wait(ep, &event, 1, -1));
	wait(NULL);
	if (id >= 0) {
		disturb(raise_semaphore, &id);
		say("semop", semop(id, &down, 1));
		semctl(id, 0, IPC_RMID);
		wait(NULL);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	disturb(send_usr2, &self);
	printf("sigwaitinfo: %d\n", sigwaitinfo(&set, NULL) == SIGUSR2);
	wait(NULL);

	/* A signal that is not ignored ends it. */
	signal(SIGUSR2, note);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	read(p[0], &(char){ 0 }, 1);
	disturb(send_usr2, &self);
	say("epoll_wait with a handler", epoll_wait(ep, &event, 1, -1));
	printf("handled %d\n", (int)handled);
	wait(NULL);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "names"))
		return names(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "pidfds"))
		return pidfds();
	return argc == 2 && !strcmp(argv[1], "ignored") ? ignored() : 99;
}
