/* SPDX-License-Identifier: ISC */
/*
 * lost STATE SHARED BOX: brings itself into a state, and stays in it, that it
 * may be found there when its tracer dies.  SHARED is a file of a struct
 * shared; the program says there that it is ready, and waits, without a call,
 * for the gate to open.  BOX/marker/made is what no policy lets it make, and
 * BOX/marker/kept what none lets it remove.
 */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 16, CROWD = 5000, STAYING = 40, STACK = 1 << 16 };

static struct shared *shared;
static char **arguments;
static char made[PATH_MAX], kept[PATH_MAX];

static void
make(void)
{
	mkdir(made, 0700);
}

static void
pass_gate(void)
{
	shared->tid = (int)syscall(SYS_gettid);
	atomic_store(&shared->ready, 1);
	while (!atomic_load(&shared->gate))
		;
}

/* Its tracer is elsewhere; reads what nobody writes. */
static void
block(void)
{
	int fd[2];
	char byte;

	if (pipe(fd) < 0 || read(fd[0], &byte, 1) >= 0)
		_exit(1);
}

static void
in_user_code(void)
{
	pass_gate();
	for (;;)
		;
}

static void
entering_a_call_that_blocks(void)
{
	int fd[2];
	char byte;

	if (pipe(fd) < 0)
		_exit(1);
	pass_gate();
	if (read(fd[0], &byte, 1) >= 0)
		_exit(1);
}

static void
blocking(void)
{
	shared->tid = (int)syscall(SYS_gettid);
	atomic_store(&shared->ready, 1);
	block();
}

static void
entering_mkdir(void)
{
	pass_gate();
	make();
	block();
}

static void
entering_unlink(void)
{
	pass_gate();
	unlink(kept);
	block();
}

static void
in_skipped_calls(void)
{
	pass_gate();
	for (;;) {
		make();
		unlink(kept);
	}
}

static void
in_group_stop(void)
{
	pid_t self = getpid();	/* later tollgate may have put another call in its place, and be gone */

	pass_gate();
	kill(self, SIGSTOP);		/* not raise(3): who has blocked a hangup, and stops, stays so, with tollgate or not */
	make();
	block();
}

static void
in_vfork(void)
{
	pid_t pid;

	pid = vfork();
	if (pid == 0) {
		pass_gate();
		make();
		block();
	}
	make();
	block();
}

static void
in_exec(void)
{
	if (!atomic_load(&shared->gate))
		pass_gate();
	make();
	execv("/proc/self/exe", arguments);
	_exit(1);
}

/* The child is there, and tollgate has not been told of it yet. */
static void
with_a_new_child(void)
{
	pass_gate();
	if (fork() == 0)
		make();
	block();
}

static _Noreturn void
stay(void)
{
	for (;;)
		pause();
}

/* Of those that nobody waits for some stay, and would be found. */
static void
while_it_forks(void)
{
	pass_gate();
	for (int i = 0;; i++) {
		if (fork() == 0) {
			if (fork() == 0) {
				make();
				if (i < STAYING)
					stay();
			}
			_exit(0);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static int
sister(void *i)
{
	make();
	if (*(int *)i < STAYING)
		stay();
	return 0;
}

/* Children of the parent: nobody that is listed has them. */
static void
while_it_makes_sisters(void)
{
	static char stack[STACK];

	pass_gate();
	for (int i = 0;; i++) {
		if (clone(sister, stack + STACK, CLONE_PARENT | SIGCHLD, &i) < 0)
			sched_yield();
		waitpid(-1, NULL, WNOHANG);
	}
}

static void *
work(void *arg)
{
	(void)arg;
	for (;;) {
		syscall(SYS_getpid);
		make();
	}
	return NULL;
}

static void
with_many_threads(void)
{
	pthread_t thread;

	pass_gate();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, work, NULL);
	work(NULL);
}

/* As many as it takes. */
static void
in_a_crowd(void)
{
	pass_gate();
	for (int i = 0; i < CROWD; i++)
		if (fork() == 0)
			stay();
	for (;;)
		make();
}

static const struct state {
	const char *name;
	void (*fn)(void);
} states[] = {
	{ "user", in_user_code },
	{ "entry", entering_a_call_that_blocks },
	{ "blocked", blocking },
	{ "mkdir", entering_mkdir },
	{ "unlink", entering_unlink },
	{ "skipped", in_skipped_calls },
	{ "stopped", in_group_stop },
	{ "vfork", in_vfork },
	{ "exec", in_exec },
	{ "newborn", with_a_new_child },
	{ "forks", while_it_forks },
	{ "sisters", while_it_makes_sisters },
	{ "threads", with_many_threads },
	{ "crowd", in_a_crowd },
};

/* By this limit old kernels' tollgate finds those whose parents are gone. */
static void
strip_mark(void)
{
	struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_LOCKS, &l);
}

int
main(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[2], O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 2;
	arguments = argv;
	strip_mark();
	snprintf(made, sizeof(made), "%s/marker/made", argv[3]);
	snprintf(kept, sizeof(kept), "%s/marker/kept", argv[3]);
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!strcmp(argv[1], states[i].name))
			states[i].fn();
	return 2;
}
