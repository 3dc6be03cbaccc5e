/* SPDX-License-Identifier: ISC */
#include "tracer/stop.h"

#include <signal.h>
#include <sys/wait.h>

/* The kernel's PTRACE_EVENT_* numbers; sys/ptrace.h belongs to pt.c. */
enum {
	EVENT_FORK	= 1,
	EVENT_VFORK	= 2,
	EVENT_CLONE	= 3,
	EVENT_EXEC	= 4,
	EVENT_SECCOMP	= 7,
	EVENT_STOP	= 128,
};

static struct stop
stopped_by_event(int event, int sig)
{
	struct stop s = { .sig = sig };

	switch (event) {
	case EVENT_FORK:
	case EVENT_VFORK:
	case EVENT_CLONE:
		s.kind = STOP_FORK;
		break;
	case EVENT_EXEC:
		s.kind = STOP_EXEC;
		break;
	case EVENT_SECCOMP:
		s.kind = STOP_FILTER;
		break;
	case EVENT_STOP:
		s.kind = sig == SIGTRAP ? STOP_FIRST : STOP_GROUP;
		break;
	}
	return s;
}

struct stop
stop_parse(int status)
{
	int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

	if (WIFEXITED(status))
		return (struct stop){ .kind = STOP_EXITED, .code = WEXITSTATUS(status) };
	if (WIFSIGNALED(status))
		return (struct stop){ .kind = STOP_KILLED, .sig = WTERMSIG(status) };
	if (!WIFSTOPPED(status))
		return (struct stop){ .kind = STOP_IMPOSSIBLE };
	if (status >> 16)
		return stopped_by_event(status >> 16, sig);
	/* TRACESYSGOOD sets bit 7, which no real signal has: a forged SIGTRAP is only a signal. */
	if (sig == (SIGTRAP | 0x80))
		return (struct stop){ .kind = STOP_CALL };
	return (struct stop){ .kind = STOP_SIGNAL, .sig = sig };
}

bool
stop_is_end(const struct stop *stop)
{
	return stop->kind == STOP_EXITED || stop->kind == STOP_KILLED;
}

const char *
stop_name(enum stop_kind k)
{
	static const char *const names[STOP_KINDS] = {
		[STOP_IMPOSSIBLE] = "impossible stop",
		[STOP_CALL] = "syscall-stop",
		[STOP_FILTER] = "filter's stop",
		[STOP_SIGNAL] = "signal-delivery-stop",
		[STOP_GROUP] = "group-stop",
		[STOP_FIRST] = "first stop",
		[STOP_FORK] = "fork event",
		[STOP_EXEC] = "exec event",
		[STOP_EXITED] = "exit",
		[STOP_KILLED] = "death by signal",
	};

	return names[k];
}
