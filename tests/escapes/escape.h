/* SPDX-License-Identifier: ISC */
#ifndef TG_ESCAPE_H
#define TG_ESCAPE_H

/*
 * For attempts that race: one of two things changes what a call is about, over
 * and over, while the call is made $TRIES times, and for $SECONDS_MORE when that
 * is given.  Where nothing holds what was checked one of the tries gets through;
 * where it is held none does.
 */

#include "../tracee/attempt.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

/* What both sides of a race can write, threads and processes alike. */
static struct common {
	volatile bool over;
	char name[4][128];	/* paths that are rewritten */
	char room[8192];	/* structures that are */
} *common;

__attribute__((unused))
static long
tries(void)
{
	const char *s = getenv("TRIES");
	long n = s ? atol(s) : 0;

	return n > 0 ? n : 300;
}

/* Changes what the call is about: to what is forbidden, or back. */
typedef void flip_fn(bool evil);
/* One try: REACHED when it got through. */
typedef int try_fn(void);

static flip_fn *flip;

static char *flipped;		/* the letter that is rewritten, of a name: g is good, e leads to what is forbidden */

__attribute__((unused))
static void
letter(bool evil)
{
	*(volatile char *)flipped = evil ? 'e' : 'g';
}

static void
spin(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	for (volatile unsigned i = 0; i < (*state >> 16) % 500; i++)
		;
}

/* Each side has a core of its own, where there are two: on one they would take turns. */
static void
take_core(bool last)
{
	static cpu_set_t all;
	cpu_set_t one;
	int first = -1, end = -1;

	if (!CPU_COUNT(&all) && sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all)) {
			first = first < 0 ? cpu : first;
			end = cpu;
		}
	CPU_ZERO(&one);
	CPU_SET(last ? end : first, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int
flips(void *arg)
{
	unsigned state = (unsigned)getpid();

	(void)arg;
	take_core(true);
	while (!common->over) {
		flip(false);
		spin(&state);
		flip(true);
		spin(&state);
	}
	flip(false);
	return 0;
}

static void *
flips_in_thread(void *arg)
{
	flips(NULL);
	return arg;
}

static void
share(void)
{
	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		_exit(3);
}

/* On a machine that has other things to do all tries can be over before the other side has begun. */
static time_t
seconds_more(void)
{
	const char *s = getenv("SECONDS_MORE");

	return s ? atol(s) : 0;
}

static int
tries_it(try_fn *one, long n)
{
	time_t end = time(NULL) + seconds_more();
	int r = REFUSED, err = ENODATA;

	while ((n-- > 0 || time(NULL) < end) && (r = one()) == REFUSED)
		err = errno;
	common->over = true;
	errno = err;
	return r;
}

/* Who is on the other side. */
enum side { A_THREAD, A_PROCESS, A_MEMORY_SHARER, NOBODY_HERE };

static char side_stack[65536] __attribute__((aligned(16)));

__attribute__((unused))
static int
race_against(enum side side, flip_fn *change, try_fn *one, long n)
{
	pthread_t t;
	pid_t pid = 0;
	int r, err;

	alarm(900);
	take_core(false);
	if (!common)
		share();
	common->over = false;
	flip = change;
	if (side == A_THREAD && (errno = pthread_create(&t, NULL, flips_in_thread, NULL)))
		return REFUSED;
	if (side == A_PROCESS && (pid = fork()) == 0)
		_exit(flips(NULL));
	if (side == A_MEMORY_SHARER)
		pid = clone(flips, side_stack + sizeof(side_stack), CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		return REFUSED;
	r = tries_it(one, n);
	err = errno;
	if (side == A_THREAD)
		pthread_join(t, NULL);
	if (pid > 0)
		waitpid(pid, NULL, __WALL);
	errno = err;
	return r;
}

__attribute__((unused))
static int
race(flip_fn *change, try_fn *one)
{
	return race_against(A_THREAD, change, one, tries());
}

/* Is the descriptor's object below forbidden/?  Closes it. */
__attribute__((unused))
static int
lies_in_forbidden(int fd)
{
	char path[PATH_MAX + 1];
	ssize_t n;

	if (fd < 0)
		return REFUSED;
	n = readlink(text("/proc/self/fd/%d", fd), path, PATH_MAX);
	close(fd);
	path[n > 0 ? n : 0] = '\0';
	errno = ENODATA;
	return strstr(path, "/forbidden") ? REACHED : REFUSED;
}

/* What was to happen in dir/ did not, and yet it happened. */
__attribute__((unused))
static int
elsewhere(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		errno = ENODATA;
		return REFUSED;
	}
	return errno == ENOENT ? REACHED : REFUSED;
}

enum { WINDOW_PAGE = 4096 };

static size_t window_size;

static bool
is_name_of_window(const char *line)
{
	return strstr(line, "/memfd:tollgate (deleted)") || strstr(line, "/SYSV00000000 (deleted)") || strstr(line, "/tollgate-");
}

/* The first mapping of tollgate's with these rights whose size is from `least` to below `limit`, and that size; NULL. */
static char *
mapping(const char *rights, size_t least, size_t limit, size_t *size)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long lo, hi;
	char line[4096], perms[5], *found = NULL;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, perms) == 3 && !strcmp(perms, rights) && is_name_of_window(line) &&
		    hi - lo >= least && hi - lo < limit) {
			found = (char *)lo;
			*size = hi - lo;
		}
	if (f)
		fclose(f);
	return found;
}

/*
 * Its own window, and how large it is; NULL when it has none, as without
 * tollgate.  Where $HELD says that it has one, not to find it is no success.
 */
__attribute__((unused))
static char *
window(void)
{
	char *found = mapping("r--s", 0, SIZE_MAX, &window_size);

	if (!found && getenv("HELD"))
		say("window_not_found", REACHED, 0);
	return found;
}

enum { LARGE = 1 << 20 };
static size_t window_code_size;

/* The code of stubs, which is a part of it once more, to be executed; NULL when it is not there. */
__attribute__((unused))
static char *
window_code(void)
{
	return mapping("r-xs", 0, LARGE, &window_code_size);
}

/* Where new tasks begin, which is as large as the window is; NULL where the kernel can do without. */
__attribute__((unused))
static char *
cradle(void)
{
	return mapping("r-xs", LARGE, SIZE_MAX, &window_size);
}

#endif
