/* SPDX-License-Identifier: ISC */
/*
 * What a call costs: alone, traced and decided on, and made on what was
 * checked as well.  tollgate starts itself for each, again and again in turn,
 * so that what else the machine does falls on all alike.
 */
#include "tracer/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"
#include "tracer/status.h"

/* One of each kind of argument.  A descriptor of a datagram socket is at hand. */

static void
call_getppid(int fd)
{
	(void)fd;
	syscall(SYS_getppid);
}

static void
call_open(int fd)
{
	(void)fd;
	close(open("/proc/self/task/../task/../status", O_RDONLY | O_CLOEXEC));
}

static void
call_stat(int fd)
{
	(void)fd;
	if (access("/usr/lib/../lib/../lib/os-release", R_OK) < 0)
		return;
}

static void
call_connect(int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };

	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		return;
}

static const struct loop {
	const char *name;
	void (*call)(int fd);
} loops[] = {
	{ "getppid",	call_getppid },
	{ "access",	call_stat },
	{ "open",	call_open },
	{ "connect",	call_connect },
};
enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
bench_loop(const char *name, unsigned times)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (unsigned i = 0; i < LOOPS; i++) {
		double start = seconds();

		if (strcmp(loops[i].name, name))
			continue;
		for (unsigned k = 0; k < times; k++)
			loops[i].call(fd);
		printf("%.1f\n", (seconds() - start) * 1e9 / times);
		return 0;
	}
	return -1;
}

/* The program that was started prints one number; -1: it did not. */
static double
run(char *const *argv)
{
	cleanup_file FILE *f = NULL;
	int out[2], status;
	double ns = -1;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		execv("/proc/self/exe", argv);
		_exit(EXIT_SELF);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!f || fscanf(f, "%lf", &ns) != 1)
		ns = -1;
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		ns = -1;
	return ns;
}

static double
run_mode(enum bench_mode mode, const char *policy, const char *self, const char *loop, const char *times)
{
	const char *argv[16] = { "tollgate" };
	unsigned n = 1;

	if (mode != BENCH_NATIVE) {
		argv[n++] = "run";
		argv[n++] = "-p";
		argv[n++] = policy;
		if (mode == BENCH_NAIVE) {
			argv[n++] = "--without";
			argv[n++] = "hold";
		}
		argv[n++] = "--";
		argv[n++] = self;
	}
	argv[n++] = "bench";
	argv[n++] = "--loop";
	argv[n++] = loop;
	argv[n++] = "--times";
	argv[n++] = times;
	return run((char *const *)(uintptr_t)argv);
}

static int
compare(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return (a > b) - (a < b);
}

static int
measure(const struct bench_effort *e, const struct loop *l, const char *policy, const char *self, struct bench_call *c)
{
	cleanup_free double *took = xcalloc((size_t)e->rounds * BENCH_MODES, sizeof(*took));
	char times[16];

	snprintf(times, sizeof(times), "%u", e->calls);
	for (unsigned r = 0; r < e->rounds; r++)
		for (unsigned m = 0; m < BENCH_MODES; m++) {
			double *t = &took[m * e->rounds + r];

			*t = run_mode((enum bench_mode)m, policy, self, l->name, times);
			if (*t < 0) {
				warn("the call %s could not be measured", l->name);
				return -1;
			}
		}
	for (unsigned m = 0; m < BENCH_MODES; m++) {
		qsort(&took[m * e->rounds], e->rounds, sizeof(*took), compare);
		c->ns[m] = took[m * e->rounds + e->rounds / 2];
	}
	c->name = l->name;
	return 0;
}

int
bench_calls(const struct bench_effort *e, bench_put_call *put, void *ctx)
{
	char policy[] = "/tmp/tollgate-bench-XXXXXX", self[4096];
	static const char text[] = "policy 1\ndefault allow\nunknown allow\n";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd = mkstemp(policy), r = 0;

	if (fd < 0 || n < 0 || write(fd, text, sizeof(text) - 1) < 0) {
		warn_err(errno, "cannot write a policy for the measure:");
		return -1;
	}
	self[n] = '\0';
	for (unsigned i = 0; !r && i < LOOPS; i++) {
		struct bench_call c;

		r = measure(e, &loops[i], policy, self, &c);
		if (!r)
			put(ctx, &c);
	}
	close(fd);
	unlink(policy);
	return r;
}
