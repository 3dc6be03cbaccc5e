/* SPDX-License-Identifier: ISC */
/*
 * attached FILE COUNTS END [calmly]: threads that open FILE all the time, that make
 * threads and processes which open it, too, and end.  Ten times a second what
 * became of it goes to COUNTS, one line each time: opens that were let in and
 * refused in that time, by threads and by children.  Exits with 7 when END is
 * there, with 9 after ten minutes.  Calmly: with a rest after each.
 *
 * attached vfork FILE [SECONDS]: waits so long, else one, in vfork(2) and opens FILE then; 0 when
 * that is let in, 1 when refused.
 *
 * attached held FILE: a thread waits in vfork(2) for a child that is stopped, and
 * that another thread continues after two seconds; likewise.
 *
 * attached succeeded END: its first thread waits in vfork(2), and when END is
 * there another one executes a program that exits with 7.
 *
 * attached shares FILE SECRET END OVER: makes processes that have its memory, and
 * put SECRET's name wherever tollgate may have FILE's.  8 when it came to read
 * what begins with an s; 7 when END is there.  While OVER is there nothing counts.
 *
 * attached ring END: has a ring of io_uring from which the kernel takes requests by itself; 19 when there can be none.
 *
 * attached told: 0 when the kernel says who shares whose memory.
 *
 * attached executes END: a thread executes the same, again and again; when END is there it exits with 7.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, TICK = 100000, TICKS = 36000 };

static const char *file;
static bool calmly;
static atomic_uint opened, refused, child_opened, child_refused;

static int
opens(void)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

static void *
try_once(void *arg)
{
	(void)arg;
	atomic_fetch_add(opens() ? &opened : &refused, 1);
	return NULL;
}

static void
try_in_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(opens() ? 1 : 2);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		dprintf(2, "child %d: errno %d, status %#x\n", pid, errno, status);
		_exit(10);
	}
	atomic_fetch_add(WEXITSTATUS(status) == 1 ? &child_opened : &child_refused, 1);
}

static void *
work(void *arg)
{
	pthread_t thread;
	int err;

	for (;;) {
		try_once(NULL);
		try_in_child();
		if ((err = pthread_create(&thread, NULL, try_once, NULL)) || (err = pthread_join(thread, NULL))) {
			dprintf(2, "thread: error %d\n", err);
			_exit(11);
		}
		if (calmly)
			usleep(TICK / 5);
	}
	return arg;
}

static int
run(const char *counts, const char *end)
{
	pthread_t thread;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, NULL))
			return 12;
	for (int tick = 0; tick < TICKS; tick++) {
		FILE *f;

		usleep(TICK);
		f = fopen(counts, "a");
		if (!f) {
			dprintf(2, "%s: errno %d\n", counts, errno);
			return 13;
		}
		fprintf(f, "%u %u %u %u\n", atomic_exchange(&opened, 0), atomic_exchange(&refused, 0),
		    atomic_exchange(&child_opened, 0), atomic_exchange(&child_refused, 0));
		fclose(f);
		if (access(end, F_OK) == 0)
			return 7;
	}
	return 9;
}

static int
run_vfork(unsigned seconds)
{
	pid_t pid = vfork();

	if (pid == 0) {
		sleep(seconds);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return 14;
	return opens() ? 0 : 1;
}

static _Atomic pid_t stopped;

static void *
wait_in_vfork(void *arg)
{
	pid_t pid = vfork();

	if (pid == 0) {
		stopped = getpid();
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return arg;
}

static int
run_held(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_in_vfork, NULL))
		return 16;
	sleep(4);
	kill(stopped, SIGCONT);
	pthread_join(thread, NULL);
	return opens() ? 0 : 1;
}

static void *
stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Its first thread is a zombie for as long as there is another. */
static int
leave_without_leader(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, stay, NULL))
		return 16;
	pthread_exit(NULL);
}

static void
wait_for_file(void)
{
	while (access(file, F_OK) < 0)
		usleep(TICK / 10);
}

static void *
execute_at_end(void *arg)
{
	wait_for_file();
	execl("/proc/self/exe", "attached", "executes", file, NULL);
	return arg;
}

static int
be_succeeded(void)
{
	pthread_t thread;
	pid_t pid;

	if (pthread_create(&thread, NULL, execute_at_end, NULL))
		return 16;
	pid = vfork();
	if (pid == 0) {
		wait_for_file();
		sleep(1);
		_exit(0);
	}
	return 17;
}

static void *
execute_again(void *end)
{
	execl("/proc/self/exe", "attached", "executes", (const char *)end, NULL);
	perror("execl");
	return end;
}

/* Among others: to attach to it the kernel waits for an exec that waits for all of them to be gone. */
static int
execute_in_thread(char *end)
{
	pthread_t thread, other;

	if (access(end, F_OK) == 0)
		return 7;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&other, NULL, stay, NULL);
	if (pthread_create(&thread, NULL, execute_again, end))
		return 16;
	pthread_join(thread, NULL);
	return 18;
}

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

static int
have_ring(const char *end)
{
	struct { unsigned entries[2], flags, rest[27]; } params = { .flags = 2 /* IORING_SETUP_SQPOLL */ };

	if (syscall(SYS_io_uring_setup, 8, &params) < 0)
		return 19;
	file = end;
	wait_for_file();
	return 7;
}

enum { SHARERS = 16, STACK = 65536, ROOM = 131072, PAGE = 4096, STUBS = 8 * PAGE };
static const char *secret;
static struct { char stack[STACK], text[ROOM]; } sharer[SHARERS] __attribute__((aligned(16)));

/* All but the stubs of a window, where that can be taken away. */
static void
replace(char *at, size_t len)
{
	if (len <= STUBS || munmap(at, len - STUBS) < 0)
		return;
	at = mmap(at, len - STUBS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (size_t page = 0; at != MAP_FAILED && page < len - STUBS; page += PAGE)
		strcpy(at + page, secret);
}

/* No stdio: others have its locks, too. */
static char *
read_all(const char *path, char *text)
{
	int fd = open(path, O_RDONLY);
	ssize_t n, len = 0;

	while (len < ROOM - 1 && (n = read(fd, text + len, (size_t)(ROOM - 1 - len))) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return text;
}

/* Does the kernel say who shares whose memory? */
static bool
is_told(void)
{
	return syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0) == 0;
}

/* Else an older child is not held, and could read the file itself. */
static bool
is_free(char *text)
{
	return !is_told() && strstr(read_all("/proc/self/status", text), "TracerPid:\t0\n");
}

static void
look_for_windows(char *text)
{
	char *end, *lo;

	if (is_free(text))
		return;
	read_all("/proc/self/maps", text);
	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!strstr(line, " r--s ") || !(strstr(line, "tollgate") || strstr(line, "SYSV")))
			continue;
		lo = (char *)strtoul(line, &line, 16);
		replace(lo, (size_t)((char *)strtoul(line + 1, NULL, 16) - lo));
	}
}

/* Where a window has come back under our hands.  Before Linux 5.16 a core takes all with it that share the memory. */
static void
end_alone(int sig)
{
	(void)sig;
	syscall(SYS_exit, 0);
}

static int
be_sharer(void *text)
{
	for (int i = 0; i < 20; i++) {
		usleep(1000);
		look_for_windows(text);
	}
	syscall(SYS_exit, 0);
	return 0;
}

static void *
make_sharers(void *arg)
{
	pid_t pid[SHARERS] = { 0 };

	for (unsigned i = 0;; i = (i + 1) % SHARERS) {
		if (pid[i])
			waitpid(pid[i], NULL, 0);
		pid[i] = clone(be_sharer, sharer[i].stack + STACK, CLONE_VM | SIGCHLD, sharer[i].text);
	}
	return arg;
}

static int
run_shared(const char *end, const char *over)
{
	pthread_t thread;
	char c;

	signal(SIGSEGV, end_alone);
	if (pthread_create(&thread, NULL, make_sharers, NULL))
		return 16;
	while (access(end, F_OK) < 0) {
		int fd = open(file, O_RDONLY);

		c = '-';
		if (fd >= 0 && read(fd, &c, 1) == 1 && c == 's' && access(over, F_OK) < 0)
			_exit(8);
		close(fd);
	}
	_exit(7);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "told"))
		return !is_told();
	if (argc == 3 && !strcmp(argv[1], "ring"))
		return have_ring(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "leaderless"))
		return leave_without_leader();
	if (argc == 3 && !strcmp(argv[1], "held")) {
		file = argv[2];
		return run_held();
	}
	if (argc == 3 && !strcmp(argv[1], "succeeded")) {
		file = argv[2];
		return be_succeeded();
	}
	if (argc == 3 && !strcmp(argv[1], "executes"))
		return execute_in_thread(argv[2]);
	if (argc >= 3 && !strcmp(argv[1], "vfork")) {
		file = argv[2];
		return run_vfork(argc > 3 ? (unsigned)atoi(argv[3]) : 1);
	}
	if (argc == 6 && !strcmp(argv[1], "shares")) {
		file = argv[2];
		secret = argv[3];
		return run_shared(argv[4], argv[5]);
	}
	calmly = argc == 5 && !strcmp(argv[4], "calmly");
	if (argc != 4 && !calmly)
		return 15;
	file = argv[1];
	return run(argv[2], argv[3]);
}
