/* SPDX-License-Identifier: ISC */
#include "tracer/status.h"

#include <signal.h>
#include <stdio.h>

#include "lib/diag.h"

static const char *const by_names[] = {
	[BY_PROGRAM] = "program",
	[BY_POLICY] = "policy",
	[BY_TIMEOUT] = "timeout",
	[BY_TOLLGATE] = "tollgate",
	[BY_DETACHING] = "detaching",
};

int
status_code(const struct outcome *o)
{
	switch (o->by) {
	case BY_TIMEOUT:
		return EXIT_TIMEOUT;
	case BY_TOLLGATE:
		return o->code ? o->code : EXIT_SELF;
	case BY_POLICY:
		return 128 + SIGSYS;
	case BY_DETACHING:
		return 0;
	case BY_PROGRAM:
		break;
	}
	return o->sig ? 128 + o->sig : o->code;
}

void
status_started(int fd, pid_t pid)
{
	if (fd >= 0)
		dprintf(fd, "{\"child-pid\": %d}\n", pid);
}

void
status_ended(int fd, const struct outcome *o, unsigned long refusals)
{
	if (fd < 0)
		return;
	dprintf(fd, "{\"exit-code\": %d, \"signal\": %d, \"by\": \"%s\", \"refusals\": %lu}\n",
	    status_code(o), o->by == BY_POLICY ? SIGSYS : o->sig, by_names[o->by], refusals);
}
