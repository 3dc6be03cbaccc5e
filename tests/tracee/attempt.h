/* SPDX-License-Identifier: ISC */
#ifndef TG_ATTEMPT_H
#define TG_ATTEMPT_H

/*
 * A program of attempts, each made in a process of its own and told in a line:
 *
 *	NAME reached		the thing was done
 *	NAME refused ERRNO	it was not; "refused SIGKILL" when that ended it
 *	NAME absent		it cannot be tried here: no such call, not root
 *
 * argv[1] is a folder with a folder allowed/ in it, where attempts begin, and
 * others that a policy forbids; argv[2], when given, is the one attempt to make,
 * or, after a slash, a pattern (regex(7)) of those to be made.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 0, REACHED = 1, ABSENT = 2 };
enum { ROOT = 1, BITS64 = 2, BITS32 = 4 };	/* who can make an attempt at all */

struct attempt {
	const char *name;
	int (*fn)(void);	/* REACHED, ABSENT, or REFUSED with errno set */
	int only;
};

static const char *box;
static const char *self;	/* this program's own file */

/* A path below the box; good until the sixteenth call from here. */
__attribute__((unused, format(printf, 1, 2)))
static char *
in_box(const char *fmt, ...)
{
	static char buf[16][PATH_MAX];
	static unsigned next;
	char *s = buf[next++ % 16];
	va_list ap;
	int n = snprintf(s, PATH_MAX, "%s/", box);

	va_start(ap, fmt);
	vsnprintf(s + n, (size_t)(PATH_MAX - n), fmt, ap);
	va_end(ap);
	return s;
}

__attribute__((unused, format(printf, 1, 2)))
static char *
text(const char *fmt, ...)
{
	static char buf[16][PATH_MAX];
	static unsigned next;
	char *s = buf[next++ % 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, PATH_MAX, fmt, ap);
	va_end(ap);
	return s;
}

/* The result of a call: 0 and up is success. */
__attribute__((unused))
static int
done(long r)
{
	return r >= 0 ? REACHED : REFUSED;
}

/* Of a request of ptrace(2) that older kernels do not know. */
__attribute__((unused))
static int
seized(long r)
{
	return r < 0 && errno == EIO ? ABSENT : done(r);
}

/* Is this descriptor the forbidden file? */
__attribute__((unused))
static int
canary(int fd)
{
	char b[16] = "";
	ssize_t n;

	if (fd < 0)
		return REFUSED;
	n = pread(fd, b, 6, 0);
	close(fd);
	if (n < 0)
		return REFUSED;
	errno = ENODATA;
	return n == 6 && !memcmp(b, "canary", 6) ? REACHED : REFUSED;
}

static const char *
error_name(int err)
{
	static const struct { int err; const char *name; } names[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { ESRCH, "ESRCH" }, { EBADF, "EBADF" }, { ECHILD, "ECHILD" },
		{ EACCES, "EACCES" }, { EFAULT, "EFAULT" }, { EEXIST, "EEXIST" }, { EXDEV, "EXDEV" },
		{ ENOTDIR, "ENOTDIR" }, { EISDIR, "EISDIR" }, { EINVAL, "EINVAL" }, { ENOTTY, "ENOTTY" },
		{ EROFS, "EROFS" }, { ELOOP, "ELOOP" }, { ENAMETOOLONG, "ENAMETOOLONG" }, { ENOSYS, "ENOSYS" },
		{ ENODATA, "ENODATA" }, { EOPNOTSUPP, "EOPNOTSUPP" }, { ECONNREFUSED, "ECONNREFUSED" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" }, { ETIMEDOUT, "ETIMEDOUT" }, { ENOEXEC, "ENOEXEC" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].err == err)
			return names[i].name;
	return text("%d", err);
}

/* One write per line: children of an attempt may print too. */
static void
say(const char *name, int result, int err)
{
	char line[512];
	int n;

	if (result == REFUSED)
		n = snprintf(line, sizeof(line), "%s refused %s\n", name, error_name(err));
	else
		n = snprintf(line, sizeof(line), "%s %s\n", name, result == REACHED ? "reached" : "absent");
	if (write(1, line, (size_t)n) != n)
		_exit(3);
}

static bool
possible(const struct attempt *a)
{
	return !(((a->only & ROOT) && geteuid() != 0) || ((a->only & BITS64) && sizeof(long) != 8) ||
	    ((a->only & BITS32) && sizeof(long) != 4));
}

static void
make_attempt(const struct attempt *a)
{
	int status = 0, result;
	pid_t pid;

	if (!possible(a)) {
		say(a->name, ABSENT, 0);
		return;
	}
	pid = fork();
	if (pid == 0) {
		alarm(600);	/* it hangs: on the slowest machine, too */
		errno = 0;
		result = chdir(in_box("allowed")) == 0 ? a->fn() : REFUSED;
		say(a->name, result, errno);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		say(a->name, REFUSED, errno);
	else if (WIFSIGNALED(status))
		printf("%s refused SIG%s\n", a->name, sigabbrev_np(WTERMSIG(status)));
	else if (status)
		printf("%s refused status %d\n", a->name, WEXITSTATUS(status));
	fflush(stdout);
}

static bool
is_chosen(const char *name, const char *which)
{
	regex_t re;
	bool matches;

	if (which[0] != '/')
		return !strcmp(which, name);
	if (regcomp(&re, which + 1, REG_EXTENDED | REG_NOSUB))
		return false;
	matches = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return matches;
}

__attribute__((unused))
static int
make_attempts(const struct attempt *list, size_t n, int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s BOX [ATTEMPT]\n", argv[0]);
		return 2;
	}
	box = argv[1];
	self = argv[0];
	for (size_t i = 0; i < n; i++)
		if (argc < 3 || is_chosen(list[i].name, argv[2]))
			make_attempt(&list[i]);
	return 0;
}

#define ATTEMPTS(list) \
	int main(int argc, char **argv) \
	{ return make_attempts(list, sizeof(list) / sizeof(*(list)), argc, argv); }

#endif
