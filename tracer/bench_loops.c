/* SPDX-License-Identifier: ISC */
/*
 * The programs that are measured when a single call is: they make it over and
 * over, in a folder that bench has prepared.
 */
#include "tracer/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/strbuf.h"

/* What a loop has at hand. */
struct place {
	int datagram;			/* a socket */
	char hit[PATH_MAX], miss[PATH_MAX];
};

static unsigned
call_getppid(struct place *p, unsigned n)
{
	unsigned good = 0;

	(void)p;
	for (unsigned i = 0; i < n; i++)
		good += syscall(SYS_getppid) >= 0;
	return good;
}

static unsigned
call_refused(struct place *p, unsigned n)
{
	unsigned good = 0;

	(void)p;
	for (unsigned i = 0; i < n; i++)
		good += syscall(SYS_getsid, 0) >= 0;
	return good;
}

static unsigned
call_access(struct place *p, unsigned n)
{
	unsigned good = 0;

	(void)p;
	for (unsigned i = 0; i < n; i++)
		good += access("/usr/lib/../lib/../lib/os-release", R_OK) == 0;
	return good;
}

static unsigned
call_open(struct place *p, unsigned n)
{
	unsigned good = 0;

	(void)p;
	for (unsigned i = 0; i < n; i++)
		good += close(open("/proc/self/task/../task/../status", O_RDONLY | O_CLOEXEC)) == 0;
	return good;
}

/* One close for all, so that it is opening that counts. */
static unsigned
call_hit(struct place *p, unsigned n)
{
	int first = -1, last = -1;
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++) {
		int fd = open(p->hit, O_RDONLY | O_CLOEXEC);

		good += fd >= 0;
		first = first < 0 ? fd : first;
		last = fd;
	}
	if (first >= 0 && syscall(SYS_close_range, first, last, 0) < 0)
		while (last >= first)
			close(last--);
	return good;
}

static unsigned
call_miss(struct place *p, unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += open(p->miss, O_RDONLY | O_CLOEXEC) >= 0 || errno != ENOENT;
	return good;
}

static unsigned
call_connect(struct place *p, unsigned n)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += connect(p->datagram, (struct sockaddr *)&in, sizeof(in)) == 0;
	return good;
}

/* Threads in pairs: each waits until the other has given it the ball. */
struct ball {
	atomic_uint at;
	unsigned throws;
};

struct player {
	struct ball *ball;
	unsigned side;
};

enum { PAIRS = 2 };

static void *
play(void *arg)
{
	struct player *p = arg;
	struct ball *b = p->ball;

	for (unsigned i = 0; i < b->throws; i++) {
		while (atomic_load(&b->at) != p->side)
			syscall(SYS_futex, &b->at, FUTEX_WAIT_PRIVATE, !p->side, NULL);
		atomic_store(&b->at, !p->side);
		syscall(SYS_futex, &b->at, FUTEX_WAKE_PRIVATE, 1);
	}
	return NULL;
}

static unsigned
call_futex(struct place *p, unsigned n)
{
	struct ball ball[PAIRS];
	struct player player[2 * PAIRS];
	pthread_t thread[2 * PAIRS];
	unsigned started = 0;

	(void)p;
	for (unsigned i = 0; i < PAIRS; i++) {
		ball[i].throws = n / (2 * PAIRS);
		atomic_init(&ball[i].at, 0);
	}
	for (unsigned i = 0; i < 2 * PAIRS; i++) {
		player[i] = (struct player){ &ball[i / 2], i % 2 };
		if (pthread_create(&thread[i], NULL, play, &player[i]))
			exit(1);
		started++;
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return n / (2 * PAIRS) * started;
}

static const struct loop {
	const char *name;
	unsigned (*call)(struct place *, unsigned n);	/* how many of n did what they are for */
	unsigned chunk;			/* so many between two looks at the clock */
} loops[] = {
	{ "getppid",	call_getppid,	100 },
	{ "refused",	call_refused,	100 },
	{ "access",	call_access,	100 },
	{ "open",	call_open,	100 },
	{ "open-hit",	call_hit,	100 },
	{ "open-miss",	call_miss,	100 },
	{ "connect",	call_connect,	100 },
	{ "futex",	call_futex,	2000 },
};
enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

static void
place_init(struct place *p)
{
	char here[PATH_MAX - 16];

	if (!getcwd(here, sizeof(here)))
		strcpy(here, "/");
	p->datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(p->hit, sizeof(p->hit), "%s/file", here);
	snprintf(p->miss, sizeof(p->miss), "%s/missing", here);
}

/* Until it was called so often, or for so long when times is 0. */
static void
run_loop(const struct loop *l, unsigned times, unsigned ms)
{
	unsigned long calls = 0, good = 0;
	struct rusage before, after;
	struct place place;
	uint64_t start, took;

	place_init(&place);
	getrusage(RUSAGE_SELF, &before);
	start = bench_now();
	do {
		unsigned n = times && times - calls < l->chunk ? times - (unsigned)calls : l->chunk;

		good += l->call(&place, n);
		calls += n;
		took = bench_now() - start;
	} while (times ? calls < times : took < ms * UINT64_C(1000000));
	getrusage(RUSAGE_SELF, &after);
	printf("%.1f ns, %lu calls, %lu successful, %ld waits, %ld preemptions\n", (double)took / (double)calls, calls, good,
	    after.ru_nvcsw - before.ru_nvcsw, after.ru_nivcsw - before.ru_nivcsw);
}

/* So many tasks, the first one among them, that wait until the standard input ends. */

static void
wait_for_end(void)
{
	char c;

	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static void *
wait_in_thread(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int
make_threads(unsigned n)
{
	pthread_attr_t small;
	pthread_t t;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	while (n-- > 1)
		if (pthread_create(&t, &small, wait_in_thread, NULL))
			return 1;
	wait_for_end();
	return 0;
}

/* The children end when the pipe does, whose only writer is their parent. */
static int
make_processes(unsigned n)
{
	int fd[2];
	char c;

	if (pipe(fd) < 0)
		return 1;
	while (n-- > 1) {
		pid_t pid = fork();

		if (pid == 0) {
			close(fd[1]);
			_exit(read(fd[0], &c, 1) != 0);
		}
		if (pid < 0)
			return 1;
	}
	wait_for_end();
	close(fd[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}

int
bench_loop(const char *name, unsigned times, unsigned ms)
{
	if (!strcmp(name, "threads"))
		return make_threads(times);
	if (!strcmp(name, "processes"))
		return make_processes(times);
	for (unsigned i = 0; i < LOOPS; i++) {
		if (strcmp(loops[i].name, name))
			continue;
		run_loop(&loops[i], times, ms);
		return 0;
	}
	return -1;
}

void
bench_loop_names(char *text, size_t size)
{
	struct strbuf b;

	strbuf_init(&b, text, size);
	for (unsigned i = 0; i < LOOPS; i++)
		strbuf_addf(&b, "%s%s", i ? ", " : "", loops[i].name);
	strbuf_add(&b, ", processes, threads");
}
