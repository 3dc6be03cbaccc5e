/* SPDX-License-Identifier: ISC */
/*
 * Loaded into tollgate by LD_PRELOAD: makes it fail, as the file $TG_FAULT
 * says (struct shared), as soon as it has waited for a stop; or makes that
 * wait itself fail; or ends its second thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/tracee/shared.h"

static struct shared *shared;

__attribute__((constructor))
static void
begin(void)
{
	const char *name = getenv("TG_FAULT");
	int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (p != MAP_FAILED)
		shared = p;
}

static int
fault(void)
{
	return shared ? atomic_load(&shared->fault) : FAULT_NONE;
}

/* No more from the kernel, and nothing left in the heap. */
static void
exhaust_memory(void)
{
	setrlimit(RLIMIT_AS, &(struct rlimit){ 1, 1 });
	for (size_t n = 1 << 20; n; n = n > 4096 ? n / 2 : n - 16)
		while (malloc(n))
			;
}

static void
fail(int what)
{
	volatile int *nowhere = NULL;

	if (what == FAULT_KILL)
		kill(getpid(), SIGKILL);
	else if (what == FAULT_SEGV)
		*nowhere = 1;
	else if (what == FAULT_ABORT)
		abort();
	else if (what == FAULT_EXIT)
		exit(125);
	else if (what == FAULT_NO_MEMORY)
		exhaust_memory();
}

static int
is_time(pid_t got)
{
	if (fault() == FAULT_NONE)
		return 0;
	if (got > 0 && atomic_load(&shared->countdown) > 0)
		atomic_fetch_sub(&shared->countdown, 1);
	return atomic_load(&shared->countdown) == 0;
}

pid_t
waitpid(pid_t pid, int *status, int flags)
{
	static pid_t (*real)(pid_t, int *, int);
	pid_t got;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "waitpid");
	got = real(pid, status, flags);
	if (pid != -1)
		return got;
	if (!is_time(got))
		return got;
	fail(fault());
	if (fault() != FAULT_WAIT)
		return got;
	errno = EINVAL;
	return -1;
}

/* The thread that waits for signals: a fault of its own takes all of tollgate with it. */
int
sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	static int (*real)(const sigset_t *, siginfo_t *, const struct timespec *);
	int got;

	(void)timeout;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sigtimedwait");
	got = real(set, info, &(struct timespec){ .tv_nsec = 1000000 });
	if (fault() == FAULT_THREAD)
		fail(FAULT_SEGV);
	return got;
}
