/* SPDX-License-Identifier: ISC */
/*
 * What is renamed is not what was looked at: a directory has come in place of
 * the file, or something is there where nothing was.
 */
#include "escape.h"

#include <sys/resource.h>
#include <sys/syscall.h>

enum { EXCHANGE = 2 };		/* RENAME_EXCHANGE */

static void make_file(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0644)); }

static void
becomes_directory(bool evil)
{
	if (evil) {
		unlink("mover");
		if (mkdir("mover", 0755) == 0)
			close(open("mover/evil.sh", O_CREAT | O_WRONLY, 0755));
	} else {
		unlink("mover/evil.sh");
		rmdir("mover");
		make_file("mover");
	}
}

/* By that name none may be made. */
static int
brought(const char *script, const char *place)
{
	if (access(script, F_OK) == 0)
		return REACHED;
	if (unlink(place) < 0)
		rmdir(place);
	errno = ENODATA;
	return REFUSED;
}

/* Others are on our core, and before us: between the look at a call and the call there is time. */
static int
crowded(try_fn *one)
{
	pid_t hog = fork();
	int r, err;

	if (hog == 0) {
		take_core(false);
		for (;;)
			;
	}
	r = race(becomes_directory, one);
	err = errno;
	kill(hog, SIGKILL);
	waitpid(hog, NULL, 0);
	errno = err;
	return r;
}

/* This thread alone. */
static void
be_last(void)
{
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
}

static int
try_rename(void)
{
	be_last();
	return rename("mover", "dest/x") < 0 ? REFUSED : brought("dest/x/evil.sh", "dest/x");
}

static int v67_moved_directory(void) { return crowded(try_rename); }

static int
try_exchange(void)
{
	be_last();
	make_file("dest/y");
	if (syscall(SYS_renameat2, AT_FDCWD, "mover", AT_FDCWD, "dest/y", EXCHANGE) < 0)
		return REFUSED;
	return brought("dest/y/evil.sh", "dest/y");
}

static int v67_swapped_directory(void) { return crowded(try_exchange); }

/* A new name for each try, since what is there is not ours to take away. */
static struct turn {
	volatile int n;
	volatile bool lost;
} *turn;

static const char *
spooled(char name[32], int n)
{
	snprintf(name, 32, "spool/%d", n);
	return name;
}

static void
comes_between(bool evil)
{
	char name[32];
	struct stat st;
	int fd = open(spooled(name, turn->n), O_CREAT | O_EXCL | O_WRONLY, 0644);

	(void)evil;
	if (fd < 0)
		return;
	for (int i = 0; i < 20; i++)
		if (fstat(fd, &st) == 0 && st.st_nlink == 0)
			turn->lost = true;
	close(fd);
}

static int
try_replace(void)
{
	char name[32];

	make_file("bringer");
	turn->n++;
	rename("bringer", spooled(name, turn->n));
	return turn->lost ? REACHED : REFUSED;
}

static int
v67_replaced(void)
{
	share();
	turn = (struct turn *)common->room;
	return race(comes_between, try_replace);
}

static const struct attempt list[] = {
	{ "v67_moved_directory", v67_moved_directory, 0 },
	{ "v67_swapped_directory", v67_swapped_directory, 0 },
	{ "v67_replaced", v67_replaced, 0 },
};

int
main(int argc, char **argv)
{
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
