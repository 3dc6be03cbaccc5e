/* SPDX-License-Identifier: ISC */
/*
 * Does what its arguments say, one after the other, and prints of each what
 * came of it: "open:/x ok", "open:/x EACCES".
 *
 *	open:PATH	opens it for reading
 *	make:PATH	opens it for writing and makes it
 *	listen		listens on a port of the loopback
 *	mark:NAME	says that it has come this far
 *	sleep:MS	waits
 *	thread:STEP	does the step in another thread
 *	fork:STEP	does the step in a new process
 *	vm:STEP		in one that has the same memory
 *	leech		starts a process that lives as long as any other does
 *	helper		starts a process that waits for what to do
 *	ask:STEP	has the helper do it; the last that was started
 *	orphan		leaves the rest to a child, and ends
 *	run		executes itself, for the rest
 *	exec:PATH	executes that, for the rest
 *	env:NAME	prints the variable
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self;
static char **rest;		/* the steps after this one, with room for a name before them */
static int to_helper = -1, from_helper = -1;
static int life[2];		/* closed when all but leeches are gone */

static int step(char *);

static int
says(const char *what, long r)
{
	dprintf(1, "%s %s\n", what, r >= 0 ? "ok" : strerrorname_np(errno));
	return r >= 0;
}

static int
opens(const char *what, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int r = says(what, fd);

	close(fd);
	return r;
}

static int
listens(const char *what)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return says(what, -1);
	return says(what, listen(fd, 1));
}

static int
mark(const char *what, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/tollgate/mark/%s", name);
	return says(what, access(path, F_OK));
}

static void *
thread(void *arg)
{
	step(arg);
	return NULL;
}

static int
in_thread(char *s)
{
	pthread_t t;

	return pthread_create(&t, NULL, thread, s) == 0 && pthread_join(t, NULL) == 0;
}

static int
in_child(const char *what, char *s)
{
	pid_t pid = fork();

	if (pid < 0)
		return says(what, -1);
	if (pid == 0) {
		step(s);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return 1;
}

static int
steps_and_exits(void *s)
{
	step(s);
	_exit(0);
}

static int
in_same_memory(const char *what, char *s)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(steps_and_exits, stack + sizeof(stack), CLONE_VM | SIGCHLD, s);

	if (pid < 0)
		return says(what, -1);
	waitpid(pid, NULL, 0);
	return 1;
}

static int
leech(const char *what)
{
	pid_t pid = fork();
	char c;

	if (pid < 0)
		return says(what, -1);
	if (pid > 0)
		return 1;
	close(life[1]);
	close(to_helper);
	close(from_helper);
	_exit(read(life[0], &c, 1) != 0);
}

/* Reads steps, a line each, and answers each with a line. */
static void
serve(int in, int out)
{
	char line[512];
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(in, line + n, 1) == 1) {
		if (line[n] != '\n') {
			n++;
			continue;
		}
		line[n] = '\0';
		n = 0;
		step(line);
		if (write(out, "\n", 1) != 1)
			break;
	}
	_exit(0);
}

static int
helper(const char *what)
{
	int down[2], up[2];
	pid_t pid;

	if (pipe(down) < 0 || pipe(up) < 0)
		return says(what, -1);
	pid = fork();
	if (pid == 0) {
		close(down[1]);
		close(up[0]);
		to_helper = from_helper = -1;
		serve(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	to_helper = down[1];
	from_helper = up[0];
	return pid > 0 || says(what, -1);
}

static int
ask(const char *s)
{
	char c;

	dprintf(to_helper, "%s\n", s);
	return read(from_helper, &c, 1) == 1;
}

static int
orphan(const char *what)
{
	pid_t pid = fork();

	if (pid < 0)
		return says(what, -1);
	if (pid > 0)
		_exit(0);
	return 1;
}

static int
runs(const char *what, char *path)
{
	rest[0] = path;
	return says(what, execv(path, rest));
}

static int
step(char *s)
{
	char *arg = strchr(s, ':');
	size_t len = arg ? (size_t)(arg - s) : strlen(s);

	arg = arg ? arg + 1 : "";
#define IS(name)	(len == strlen(name) && !strncmp(s, name, len))
	if (IS("open"))
		return opens(s, arg, O_RDONLY);
	if (IS("make"))
		return opens(s, arg, O_WRONLY | O_CREAT);
	if (IS("listen"))
		return listens(s);
	if (IS("mark"))
		return mark(s, arg);
	if (IS("sleep"))
		return usleep((unsigned)atoi(arg) * 1000) == 0;
	if (IS("thread"))
		return in_thread(arg);
	if (IS("fork"))
		return in_child(s, arg);
	if (IS("vm"))
		return in_same_memory(s, arg);
	if (IS("leech"))
		return leech(s);
	if (IS("helper"))
		return helper(s);
	if (IS("ask"))
		return ask(arg);
	if (IS("orphan"))
		return orphan(s);
	if (IS("run"))
		return runs(s, self);
	if (IS("exec"))
		return runs(s, arg);
	if (IS("env"))
		return dprintf(1, "%s=%s\n", arg, getenv(arg) ? getenv(arg) : "") > 0;
	dprintf(1, "%s: no such step\n", s);
	return 0;
}

int
main(int argc, char **argv)
{
	self = argv[0];
	if (pipe2(life, O_CLOEXEC) < 0)
		return 2;
	for (int i = 1; i < argc; i++) {
		rest = argv + i;
		step(argv[i]);
	}
	return 0;
}
