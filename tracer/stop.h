/* SPDX-License-Identifier: ISC */
#ifndef TG_STOP_H
#define TG_STOP_H

#include <stdbool.h>

#include "tracer/pt.h"

/* Why a task stopped, in ptrace(2)'s words. */
enum stop_kind {
	STOP_IMPOSSIBLE,	/* a status that the options we set cannot give */
	STOP_CALL,		/* syscall-enter-stop or syscall-exit-stop */
	STOP_FILTER,		/* PTRACE_EVENT_SECCOMP: a filter wants a call looked at */
	STOP_SIGNAL,		/* signal-delivery-stop */
	STOP_GROUP,		/* group-stop */
	STOP_FIRST,		/* PTRACE_EVENT_STOP: a new task's first stop, or SIGCONT's end of a group-stop */
	STOP_FORK,		/* PTRACE_EVENT_FORK, VFORK or CLONE, in the parent */
	STOP_EXEC,		/* PTRACE_EVENT_EXEC: the new image is there, none of its code ran */
	STOP_EXITED,
	STOP_KILLED,
	STOP_KINDS
};

struct stop {
	enum stop_kind kind;
	int sig;		/* STOP_SIGNAL, STOP_GROUP, STOP_KILLED */
	int code;		/* STOP_EXITED */
	bool has_call;			/* .call was read already */
	struct pt_call call;
};

/* Takes a wait4(2) status apart. */
struct stop stop_parse(int status);

/* It has ended, and there is nothing that could be asked or resumed. */
bool stop_is_end(const struct stop *);

const char *stop_name(enum stop_kind);

#endif
