/* SPDX-License-Identifier: ISC */
/* Every way to run what may not be run: forbidden/run is a copy of this program, and so is allowed/run. */
#include "attempt.h"

#include <pthread.h>
#include <spawn.h>

enum { RAN = 42 };	/* the status of a copy that was started with `ran` */

static char *const argv_ran[] = { "run", "ran", NULL };

static int
ran(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return REFUSED;
	if (WIFEXITED(status) && WEXITSTATUS(status) == RAN)
		return REACHED;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return REFUSED;
}

/* In a child: the call, and its errno as the status when it returns. */
#define RUNS(fn, call) \
	static int fn(void) { pid_t pid = fork(); if (pid == 0) { call; _exit(errno); } return ran(pid); }

static int
copied(int fd, const char *from)
{
	char buf[65536];
	int in = open(from, O_RDONLY);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return -1;
	close(in);
	return fd;
}

static int
memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "run", 0);

	if (fd < 0)
		_exit(errno);
	return copied(fd, "run");
}

static char *
copy(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	close(copied(fd, "run"));
	return (char *)name;
}

static char *
script(const char *name, const char *interpreter)
{
	FILE *f = fopen(name, "w");

	if (f) {
		fprintf(f, "#!%s ran\n", interpreter);
		fchmod(fileno(f), 0755);
		fclose(f);
	}
	return text("./%s", name);
}

RUNS(plain, execve("../forbidden/run", argv_ran, environ))
RUNS(absolute, execve(in_box("forbidden/run"), argv_ran, environ))
RUNS(by_link, execve("runlink", argv_ran, environ))
RUNS(by_middle, execve("middle/run", argv_ran, environ))
RUNS(by_path, (setenv("PATH", in_box("forbidden"), 1), execvp("run", argv_ran)))
RUNS(at_dirfd, syscall(SYS_execveat, open(box, O_PATH), "forbidden/run", argv_ran, environ, 0))
RUNS(at_cwd, syscall(SYS_execveat, AT_FDCWD, "../forbidden/run", argv_ran, environ, 0))
RUNS(at_nofollow, syscall(SYS_execveat, AT_FDCWD, "middle/run", argv_ran, environ, AT_SYMLINK_NOFOLLOW))
RUNS(at_empty, syscall(SYS_execveat, open("../forbidden/run", O_PATH), "", argv_ran, environ, AT_EMPTY_PATH))
RUNS(by_fexecve, fexecve(open("../forbidden/run", O_RDONLY), argv_ran, environ))
RUNS(by_fd_name, execve(text("/proc/self/fd/%d", open("../forbidden/run", O_PATH)), argv_ran, environ))
RUNS(by_dev_fd, execve(text("/dev/fd/%d", open("../forbidden/run", O_RDONLY)), argv_ran, environ))
RUNS(by_memfd, fexecve(memfd(), argv_ran, environ))
RUNS(by_memfd_name, execve(text("/proc/self/fd/%d", memfd()), argv_ran, environ))
RUNS(by_copy, execve(copy("copy"), argv_ran, environ))
RUNS(by_hard_link, (link("../forbidden/run", "hardrun"), execve("./hardrun", argv_ran, environ)))
RUNS(by_script, execve(script("script1", in_box("forbidden/run")), argv_ran, environ))
RUNS(by_script_link, execve(script("script2", in_box("allowed/runlink")), argv_ran, environ))
RUNS(by_script_fd, fexecve(open(script("script3", in_box("forbidden/run")), O_RDONLY), argv_ran, environ))
RUNS(by_script_of_script, (script("script4", in_box("forbidden/run")), execve(script("script5", in_box("allowed/script4")), argv_ran, environ)))
RUNS(forbidden_script, execve("../forbidden/script", argv_ran, environ))
RUNS(by_vfork, pid = vfork(); if (pid == 0) { execve("../forbidden/run", argv_ran, environ); _exit(errno); } _exit(ran(pid) == REACHED ? RAN : errno))

static int
spawned(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, "../forbidden/run", NULL, NULL, argv_ran, environ);
	return errno ? REFUSED : ran(pid);
}

/* The name is allowed when it is looked at and forbidden when it is used. */

static char name[64];
static volatile bool over;

static void *
swaps(void *arg)
{
	while (!over) {
		strcpy(name, "./run");
		__asm__ volatile("" : : : "memory");
		usleep(20);
		strcpy(name, "../forbidden/run");
		__asm__ volatile("" : : : "memory");
		usleep(20);
	}
	return arg;
}

/* The link behind the name likewise. */
static void *
relinks(void *arg)
{
	while (!over) {
		unlink("next");
		if (symlink("run", "next") == 0)
			rename("next", "racing");
		unlink("next");
		if (symlink("../forbidden/run", "next") == 0)
			rename("next", "racing");
	}
	return arg;
}

static char *const argv_which[] = { "run", "which", NULL };

/* Copies that are allowed say 0 when started with `which`, forbidden ones RAN. */
static int
races(void *(*flipper)(void *), const char *path, int tries)
{
	pthread_t t;
	int forbidden = 0, killed = 0, allowed = 0;

	if (pthread_create(&t, NULL, flipper, NULL))
		return REFUSED;
	for (int i = 0; i < tries; i++) {
		int status = 0;
		pid_t pid = vfork();

		if (pid == 0) {
			execve(path, argv_which, environ);
			_exit(1);
		}
		if (pid > 0 && waitpid(pid, &status, 0) == pid) {
			forbidden += WIFEXITED(status) && WEXITSTATUS(status) == RAN;
			allowed += WIFEXITED(status) && WEXITSTATUS(status) == 0;
			killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		}
	}
	over = true;
	pthread_join(t, NULL);
	if (getenv("COUNTS"))
		fprintf(stderr, "%d allowed, %d forbidden, %d killed of %d\n", allowed, forbidden, killed, tries);
	errno = EINTR;
	return forbidden ? REACHED : REFUSED;
}

static int race_of_names(void) { return races(swaps, name, 400); }
static int race_of_links(void) { return races(relinks, "racing", 400); }

#define A(fn) { #fn, fn, 0 }
static const struct attempt list[] = {
	A(plain), A(absolute), A(by_link), A(by_middle), A(by_path), A(at_dirfd), A(at_cwd), A(at_nofollow), A(at_empty),
	A(by_fexecve), A(by_fd_name), A(by_dev_fd), A(by_memfd), A(by_memfd_name), A(by_copy), A(by_hard_link),
	A(by_script), A(by_script_link), A(by_script_fd), A(by_script_of_script), A(forbidden_script), A(by_vfork), A(spawned),
	A(race_of_names), A(race_of_links),
};

int
main(int argc, char **argv)
{
	char exe[PATH_MAX] = "";

	if (argc > 1 && !strcmp(argv[1], "ran"))
		return RAN;
	if (argc > 1 && !strcmp(argv[1], "which"))
		return readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0 && strstr(exe, "/allowed/") ? 0 : RAN;
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
