/* SPDX-License-Identifier: ISC */
#include "tracer/script.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

enum { LINE = 256 };	/* BINPRM_BUF_SIZE: the kernel looks no further */

/* Regular files only: opening anything else could block or have an effect. */
static ssize_t
read_head(const struct object *o, char *buf, size_t len)
{
	cleanup_close int fd = -1;
	char path[32];

	if (o->fd < 0 || o->absent || !S_ISREG(o->st.st_mode))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -1 : read(fd, buf, len);
}

bool
script_interpreter(const struct object *o, char *interp, size_t size)
{
	char line[LINE + 1];
	ssize_t n = read_head(o, line, LINE);
	char *p;
	size_t len;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	p = line + 2 + strspn(line + 2, " \t");
	len = strcspn(p, " \t\n");
	if (!len || len >= size)
		return false;
	memcpy(interp, p, len);
	interp[len] = '\0';
	return true;
}
