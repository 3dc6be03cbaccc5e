/* SPDX-License-Identifier: ISC */
/*
 * loops calls|forks|threads N: makes N calls, children or threads, one after
 * the other.
 * loops fair SPINNERS: threads that call without end, and one that makes a
 * thousand calls; prints by how much a spinner was faster in that time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VICTIM_CALLS = 1000 };

static atomic_ulong spun;
static atomic_int spinning;

static void
make_calls(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void
make_children(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			exit(1);
	}
}

static void *
end(void *arg)
{
	return arg;
}

static void
make_threads(long n)
{
	pthread_t t;

	while (n--)
		if (pthread_create(&t, NULL, end, NULL) || pthread_join(t, NULL))
			exit(1);
}

static void *
spin(void *arg)
{
	atomic_fetch_add(&spinning, 1);
	for (;;) {
		syscall(SYS_getppid);
		atomic_fetch_add(&spun, 1);
	}
	return arg;
}

static void
be_fair(long n)
{
	pthread_t t;
	unsigned long before;

	for (long i = 0; i < n; i++)
		if (pthread_create(&t, NULL, spin, NULL))
			exit(1);
	while (atomic_load(&spinning) < n)
		usleep(1000);
	before = atomic_load(&spun);
	make_calls(VICTIM_CALLS);
	printf("%.2f\n", (double)(atomic_load(&spun) - before) / (double)n / VICTIM_CALLS);
	fflush(stdout);
}

static const struct {
	const char *name;
	void (*fn)(long);
} kinds[] = {
	{ "calls", make_calls }, { "forks", make_children }, { "threads", make_threads }, { "fair", be_fair },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(argv[1], kinds[i].name)) {
			kinds[i].fn(atol(argv[2]));
			_exit(0);
		}
	return 2;
}
