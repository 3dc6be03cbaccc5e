/* SPDX-License-Identifier: ISC */
#ifndef TG_CALLTEXT_H
#define TG_CALLTEXT_H

/*
 * A call from text, as strace(1) prints it or a person types it:
 *
 *	openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC) = -1 EACCES (Permission denied)
 *
 * Before the name a process number, a time stamp; behind the call its result:
 * both are passed over.  Arguments that are left out are 0.  What no verdict
 * looks at may be anything with balanced brackets.  Pure: text in, event out.
 */

#include "arch/arch.h"
#include "engine/sysevent.h"
#include "lib/arena.h"

struct calltext_error {
	unsigned column;	/* from 1 */
	char text[256];		/* foreign bytes escaped */
};

/* A descriptor's name, "3</etc>", by argument: what `strace -y` knows and the event has no room for. */
struct calltext_notes {
	const char *fd[SYS_MAXARGS];
};

/*
 * Fills the event as decode does: values cut to the kernel's width, strings,
 * socket addresses as the kernel's bytes; no accesses.  All text is the
 * arena's.  notes may be NULL.  0; -ENOMSG when the line holds no call (empty,
 * a comment, "--- SIGCHLD …", "+++ exited …"); -EINVAL and *error.
 */
int calltext_parse(const char *line, const struct abi *, struct arena *, struct sysevent *,
    struct calltext_notes *notes, struct calltext_error *error);

#endif
