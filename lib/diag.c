/* SPDX-License-Identifier: ISC */
#include "lib/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool diag_verbose;

/* One write(2) per line, so that lines of several processes do not mix. */
static void
say(int err, const char *fmt, va_list ap)
{
	char line[4096];
	size_t room = sizeof(line) - 1;
	int n = snprintf(line, room, "tollgate: ");
	int m = vsnprintf(line + n, room - n, fmt, ap);
	size_t len = n + (m < 0 ? 0 : (size_t)m);

	if (len >= room)
		len = room - 1;
	if (err) {
		m = snprintf(line + len, room - len, " %s", strerror(err));
		len += m;
		if (len >= room)
			len = room - 1;
	}
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;		/* nobody listens; the exit code still tells */
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
}

void
warn_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(err, fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
	exit(status);
}

void
die_err(int status, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(err, fmt, ap);
	va_end(ap);
	exit(status);
}

void
debug(const char *fmt, ...)
{
	va_list ap;

	if (!diag_verbose)
		return;
	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
}
