/* SPDX-License-Identifier: ISC */
#include "tracer/console.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tracer/procs.h"

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT };

enum { NUDGE = SIGALRM };	/* interrupts waitpid(2) */

enum { LOOK = 3 };		/* seconds between two looks for whom nobody told of */

static struct {
	sigset_t forwarded;
	uint64_t before;	/* the kernel's mask when tollgate started */
	pthread_t waiter;
	_Atomic pid_t program;	/* 0: it has ended, and its number can be anybody's */
	double seconds;
	bool attached;		/* to a program that has nothing to do with what tollgate is sent */
	atomic_bool expired, stopped, interrupted, look;
} console;

static void
nudged(int sig)
{
	(void)sig;
}

/*
 * Everything that can be blocked: a signal to the process group (kill 0), or
 * one that the kernel sends to a descriptor's owner, must not end tollgate.
 * Its own faults end it all the same.  C libraries keep two or three signals
 * out of their masks, so the kernel is asked directly.
 */
static void
block(uint64_t *before)
{
	uint64_t all = ~(UINT64_C(1) << (NUDGE - 1));

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, sizeof(all));
}

void
console_block(void)
{
	struct sigaction nudge = { .sa_handler = nudged };

	sigemptyset(&console.forwarded);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(*forwarded); i++)
		sigaddset(&console.forwarded, forwarded[i]);
	sigaction(NUDGE, &nudge, NULL);
	block(&console.before);
}

void
console_restore(void)
{
	signal(NUDGE, SIG_DFL);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &console.before, NULL, sizeof(console.before));
}

/* A signal from inside the sandbox (kill 0) went to the program already. */
static bool
from_inside(const siginfo_t *si)
{
	return si->si_code <= 0 && si->si_pid > 0 && procs_tracer(si->si_pid) == getpid();
}

/* A terminal that is closed tells the leader of its session, and nobody else. */
static bool
is_for_us_alone(const siginfo_t *si)
{
	return (si->si_signo == SIGHUP || si->si_signo == SIGCONT) && getsid(0) == getpid();
}

/*
 * A shell continues the whole job; a program that goes on already needs no
 * second SIGCONT.  The one of a terminal that is closed is for who stops just now, too.
 */
static bool
is_wanted(const siginfo_t *si)
{
	return si->si_signo != SIGCONT || atomic_load(&console.stopped) || (si->si_code > 0 && is_for_us_alone(si));
}

static void
forward(const siginfo_t *si)
{
	bool reaches_program = si->si_code > 0 ? !is_for_us_alone(si) : from_inside(si);

	if (!reaches_program && is_wanted(si) && console.program)
		kill(console.program, si->si_signo);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct timespec
interval(double seconds)
{
	if (seconds < 0)
		seconds = 0;
	return (struct timespec){ (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
}

/* From now on; the waiting thread is woken until tollgate has ended, and looks as often as before. */
static _Noreturn void
announce(atomic_bool *what)
{
	const struct timespec pause = interval(0.05);

	atomic_store(what, true);
	for (unsigned times = 1;; times++) {
		if (times % (LOOK * 20) == 0)
			atomic_store(&console.look, true);
		pthread_kill(console.waiter, NUDGE);
		nanosleep(&pause, NULL);
	}
}

static bool
ends(int sig)
{
	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGQUIT;
}

static void
take(const siginfo_t *si)
{
	if (!console.attached)
		forward(si);
	else if (ends(si->si_signo) && !from_inside(si))
		announce(&console.interrupted);
}

static void *
watch(void *arg)
{
	double end = now() + console.seconds;
	siginfo_t si;

	(void)arg;
	block(NULL);
	for (;;) {
		double rest = console.seconds > 0 && end - now() < LOOK ? end - now() : LOOK;
		struct timespec left = interval(rest);

		if (sigtimedwait(&console.forwarded, &si, &left) > 0) {
			take(&si);
		} else {
			atomic_store(&console.look, true);
			pthread_kill(console.waiter, NUDGE);
		}
		if (console.seconds > 0 && now() >= end)
			announce(&console.expired);
	}
	return NULL;
}

static int
start(void)
{
	pthread_t watcher;
	int err;

	console.waiter = pthread_self();
	err = pthread_create(&watcher, NULL, watch, NULL);
	block(NULL);			/* musl has let its own signals in again */
	return -err;
}

int
console_start(pid_t program, double seconds)
{
	console.program = program;
	console.seconds = seconds;
	return start();
}

int
console_start_attached(void)
{
	console.attached = true;
	return start();
}

bool
console_is_time_to_look(void)
{
	return atomic_exchange(&console.look, false);
}

bool
console_interrupted(void)
{
	return atomic_load(&console.interrupted);
}

bool
console_expired(void)
{
	return atomic_load(&console.expired);
}

void
console_stopped(bool by_terminal)
{
	atomic_store(&console.stopped, true);
	if (console.attached)
		return;
	/* Not for a program that left our job, whose shell would not continue us; and never past the time. */
	if (by_terminal && console.seconds <= 0 && console.program && getpgid(console.program) == getpgrp())
		raise(SIGSTOP);
}

void
console_program_ended(void)
{
	console.program = 0;
}

void
console_continued(void)
{
	atomic_store(&console.stopped, false);
}
