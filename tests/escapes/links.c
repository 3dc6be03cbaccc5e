/* SPDX-License-Identifier: ISC */
/*
 * Links, directories, descriptors and the working directory are swapped between
 * the look at a name and its use; by threads, by processes beside them, and by
 * one that no sandbox holds.
 *
 * In allowed/: swap is a link to dir and paws one to ../forbidden, last one to
 * g and tsal one to ../forbidden/secret, xdir one to ../exec and ridx one to
 * ../noexec; turn is a directory, and so is forbidden/turn.
 */
#include "escape.h"

#include <sys/socket.h>
#include <sys/un.h>

enum { EXCHANGE = 2 };

static const char *one, *two;
static unsigned serial;
static const char *victim;	/* each side's own: where one has got through it is gone */

/* Each exchange is the other state: a flip to where it is already does nothing. */
static void
exchange(bool evil)
{
	(void)evil;
	syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two, EXCHANGE);
}

/* Where renameat2(2) is not there (Linux 3.15) a link is made anew and renamed. */
static void
relink(bool evil)
{
	unlink("fresh");
	if (symlink(evil ? "../forbidden" : "dir", "fresh") == 0)
		rename("fresh", "swap");
}

static bool
leads_to(const char *link, const char *where)
{
	char b[64] = "";

	return readlink(link, b, sizeof(b) - 1) > 0 && !strcmp(b, where);
}

/* Both may lead to the same by now: who has relinked one does not know how the outsider had left the other. */
static void
part_links(void)
{
	while (leads_to("swap", "dir") == leads_to("paws", "dir")) {
		relink(false);
		unlink("paws");
		(void)!symlink("../forbidden", "paws");
	}
}

/* The outsider turns things while there is a file of that name. */
static int
against_outsider(try_fn *try_one, long n)
{
	int r, err;

	part_links();
	close(open("go", O_WRONLY | O_CREAT, 0666));
	r = race_against(NOBODY_HERE, NULL, try_one, n);
	err = errno;
	unlink("go");
	errno = err;
	return r;
}

static int
swapping(enum side side, const char *a, const char *b, try_fn *try_one, long part)
{
	long n = tries() / part + 1;

	one = a;
	two = b;
	victim = side == A_THREAD ? "victim4" : side == A_PROCESS ? "victim6" : "victim7";
	if (side == NOBODY_HERE)
		return against_outsider(try_one, n);
	return race_against(side, strcmp(a, "swap") ? exchange : relink, try_one, n);
}

#define BY_ALL(name, a, b, try_one, part) \
	static int name##_thread(void) { return swapping(A_THREAD, a, b, try_one, part); } \
	static int name##_process(void) { return swapping(A_PROCESS, a, b, try_one, part); } \
	static int name##_outsider(void) { return swapping(NOBODY_HERE, a, b, try_one, part); }

static void
put_file(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666));
}

static char *new_name(const char *dir) { return text("%s/n%d-%u", dir, (int)getpid(), serial); }

static int try_open(void) { return canary(open("swap/secret", O_RDONLY)); }
BY_ALL(v60_open, "swap", "paws", try_open, 1)

static int
try_stat(void)
{
	struct stat st;

	if (stat("swap/secret", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_size == 7 ? REACHED : REFUSED;
}
BY_ALL(v60_stat, "swap", "paws", try_stat, 1)

static int
try_creat(void)
{
	int r;

	serial++;
	r = lies_in_forbidden(open(new_name("swap"), O_WRONLY | O_CREAT, 0600));
	unlink(new_name("dir"));
	return r;
}
BY_ALL(v60_creat, "swap", "paws", try_creat, 2)

static int
try_mkdir(void)
{
	int r, err;

	serial++;
	r = mkdir(new_name("swap"), 0755) < 0 ? REFUSED : elsewhere(new_name("dir"));
	err = errno;
	rmdir(new_name("dir"));
	errno = err;
	return r;
}
BY_ALL(v60_mkdir, "swap", "paws", try_mkdir, 2)

static int
try_unlink(void)
{
	struct stat st;

	put_file(text("dir/%s", victim));
	if (unlink(text("swap/%s", victim)) < 0)
		return REFUSED;
	errno = ENODATA;
	return lstat(text("dir/%s", victim), &st) == 0 ? REACHED : REFUSED;
}
BY_ALL(v60_unlink, "swap", "paws", try_unlink, 2)

static int
try_rename(void)
{
	int r, err;

	serial++;
	put_file("dir/goes");
	r = rename("dir/goes", new_name("swap")) < 0 ? REFUSED : elsewhere(new_name("dir"));
	err = errno;
	unlink(new_name("dir"));
	errno = err;
	return r;
}
BY_ALL(v60_rename, "swap", "paws", try_rename, 2)

static int
try_bind(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), r, err;

	serial++;
	strcpy(a.sun_path, new_name("swap"));
	r = bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? REFUSED : elsewhere(new_name("dir"));
	err = errno;
	close(fd);
	unlink(new_name("dir"));
	errno = err;
	return r;
}
BY_ALL(v60_bind, "swap", "paws", try_bind, 2)

static char *const which[] = { "links", "which", NULL };

static int
how_it_ended(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return REFUSED;
	errno = WIFEXITED(status) ? ENODATA : EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? REACHED : REFUSED;
}

static int
try_exec(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve("xdir/run", which, environ);
		_exit(1);
	}
	return how_it_ended(pid);
}
BY_ALL(v24_exec_swapped, "xdir", "ridx", try_exec, 10)

static int try_last(void) { return canary(open("last", O_RDWR | O_CREAT, 0600)); }
BY_ALL(v60_last_create, "last", "tsal", try_last, 1)
static int try_last_read(void) { return canary(open("last", O_RDONLY)); }
BY_ALL(v60_last_open, "last", "tsal", try_last_read, 1)

/* Nothing is there when it is looked at, then a link to where nothing is. */
static void
dangle(bool evil)
{
	if (evil && symlink("../forbidden/dangled", "hole") < 0)
		return;
	if (!evil)
		unlink("hole");
}

static int
try_hole(void)
{
	return lies_in_forbidden(open("hole", O_WRONLY | O_CREAT, 0600));
}

static int
v60_hole(void)
{
	return race_against(A_THREAD, dangle, try_hole, tries());
}

/* A way that takes its time: the same directory, over and over. */
static const char *
long_way(const char *from, const char *to)
{
	static char way[4][PATH_MAX];
	static unsigned next;
	char *w = way[next++ % 4], *p = stpcpy(w, from);

	for (int i = 0; i < 1700; i++)
		p = stpcpy(p, "/.");
	snprintf(p, (size_t)(w + PATH_MAX - p), "/%s", to);
	return w;
}

/*
 * Directories that change places, which takes an outsider.  Whoever is in one
 * when it goes comes out by .. where it has gone to.
 */

static int try_up(void) { return canary(open(long_way("turn", "../secret"), O_RDONLY)); }

static int
try_up_creat(void)
{
	int r;

	serial++;
	r = lies_in_forbidden(open(long_way("turn", new_name("..")), O_WRONLY | O_CREAT, 0600));
	unlink(new_name("."));
	return r;
}

static int v61_up_open(void) { return against_outsider(try_up, tries()); }
static int v61_up_creat(void) { return against_outsider(try_up_creat, tries()); }

/*
 * What lies in drop/ may be written and not listed.  The directory that .. is
 * asked of goes there meanwhile; the program may move it.
 */
static void
drop_it(bool evil)
{
	if (evil)
		rename("moves/inner", "drop/inner");
	else
		rename("drop/inner", "moves/inner");
}

static int
listed(int fd)
{
	char buf[2048];
	long n;

	if (fd < 0)
		return REFUSED;
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	close(fd);
	errno = ENODATA;
	return n > 0 && memmem(buf, (size_t)n, "letter", 6) ? REACHED : REFUSED;
}

static int try_list_up(void) { return listed(open(long_way("moves/inner", ".."), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)); }

static int
v61_up_nofollow(void)
{
	mkdir("moves", 0755);
	mkdir("moves/inner", 0755);
	return race_against(A_THREAD, drop_it, try_list_up, tries());
}

/* Descriptors. */

enum { FD = 30 };
static int good_fd, evil_fd;

static void other_fd(bool evil) { dup2(evil ? evil_fd : good_fd, FD); }

static int
fd_race(const char *good, int flags, const char *evil, int evil_flags, try_fn *try_one)
{
	good_fd = open(good, flags);
	evil_fd = open(evil, evil_flags);
	if (good_fd < 0 || evil_fd < 0 || dup2(good_fd, FD) < 0)
		return REFUSED;
	return race(other_fd, try_one);
}

static int try_dirfd(void) { return canary(openat(FD, "secret", O_RDONLY)); }
static int v50_dirfd(void) { return fd_race("dir", O_PATH, "../forbidden", O_PATH, try_dirfd); }

static int
try_dirfd_unlink(void)
{
	struct stat st;

	put_file("dir/victim5");
	if (unlinkat(FD, "victim5", 0) < 0)
		return REFUSED;
	errno = ENODATA;
	return lstat("dir/victim5", &st) == 0 ? REACHED : REFUSED;
}
static int v50_dirfd_unlink(void) { return fd_race("dir", O_PATH, "../forbidden", O_PATH, try_dirfd_unlink); }

static int
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (int)(st.st_mode & 0777);
}

static int
try_fchmod(void)
{
	if (chmod("g", 0644) < 0 || fchmod(FD, 0604) < 0)
		return REFUSED;
	errno = ENODATA;
	return mode_of("../readonly/file") == 0604 ? REACHED : REFUSED;
}
static int v50_fchmod(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_fchmod); }

/* Is the descriptor the file that may only be read?  Closes it. */
static int
is_readonly(int fd)
{
	struct stat mine, other;
	int r;

	if (fd < 0)
		return REFUSED;
	r = fstat(fd, &mine) == 0 && stat("../readonly/file", &other) == 0 && mine.st_ino == other.st_ino;
	close(fd);
	errno = ENODATA;
	return r ? REACHED : REFUSED;
}

static int
try_proc_fd(void)
{
	return is_readonly(open(text("/proc/self/fd/%d", FD), O_RDWR));
}
static int v65_reopen(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_proc_fd); }

static int
try_futimens(void)
{
	static const struct timespec when[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat st;

	if (futimens(FD, when) < 0 || stat("../readonly/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_mtime == 1000 ? REACHED : REFUSED;
}
static int v50_futimens(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_futimens); }

static int
try_chown_empty(void)
{
	struct stat st;

	if (fchownat(FD, "", 9, 9, AT_EMPTY_PATH) < 0 || stat("../readonly/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_uid == 9 ? REACHED : REFUSED;
}
static int v50_fchownat(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_chown_empty); }

static int
try_fchown(void)
{
	struct stat st;

	if (fchown(FD, 9, 9) < 0 || stat("../readonly/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_uid == 9 ? REACHED : REFUSED;
}
static int v50_fchown(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_fchown); }

static int
try_link_fd(void)
{
	unlink("dir/hard5");
	if (linkat(AT_FDCWD, text("/proc/self/fd/%d", FD), AT_FDCWD, "dir/hard5", AT_SYMLINK_FOLLOW) < 0)
		return REFUSED;
	return is_readonly(open("dir/hard5", O_RDWR));
}
static int v67_link_of_descriptor(void) { return fd_race("g", O_RDONLY, "../readonly/file", O_RDONLY, try_link_fd); }

static int
try_fexecve(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_execveat, FD, "", which, environ, AT_EMPTY_PATH);
		_exit(1);
	}
	return how_it_ended(pid);
}

static int
v24_fexecve(void)
{
	good_fd = open("../exec/run", O_PATH);
	evil_fd = open("../noexec/run", O_PATH);
	if (good_fd < 0 || evil_fd < 0 || dup2(good_fd, FD) < 0)
		return REFUSED;
	return race_against(A_THREAD, other_fd, try_fexecve, tries() / 10 + 1);
}

/* The working directory. */

/* By the long way, so that it ends at any moment of what others do. */
static void other_cwd(bool evil) { (void)!chdir(long_way(evil ? in_box("forbidden") : in_box("allowed/dir"), ".")); }
static int try_cwd(void) { return canary(open(long_way(".", "secret"), O_RDONLY)); }
static int v51_chdir(void) { return race(other_cwd, try_cwd); }

static void other_fchdir(bool evil) { (void)!fchdir(evil ? evil_fd : good_fd); }

static int
v51_fchdir(void)
{
	good_fd = open("dir", O_PATH);
	evil_fd = open("../forbidden", O_PATH);
	return good_fd < 0 || evil_fd < 0 ? REFUSED : race(other_fchdir, try_cwd);
}

/* links swap FOLDER: the outsider, who turns all of it, over and over. */
static _Noreturn void
swaps(const char *folder)
{
	static const char *const pairs[][2] = {
		{ "swap", "paws" }, { "last", "tsal" }, { "xdir", "ridx" }, { "turn", "../forbidden/turn" },
	};
	unsigned state = 1;

	if (chdir(folder) < 0)
		_exit(1);
	take_core(true);
	for (;;) {
		if (access("go", F_OK) < 0) {
			usleep(1000);
			continue;
		}
		for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
			syscall(SYS_renameat2, AT_FDCWD, pairs[k][0], AT_FDCWD, pairs[k][1], EXCHANGE);
		spin(&state);
	}
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
#define ALL(fn) A(fn##_thread), A(fn##_process), A(fn##_outsider)
static const struct attempt list[] = {
	ALL(v60_open), ALL(v60_stat), ALL(v60_creat), ALL(v60_mkdir), ALL(v60_unlink), ALL(v60_rename), ALL(v60_bind),
	ALL(v60_last_create), ALL(v60_last_open), A(v60_hole), ALL(v24_exec_swapped), A(v24_fexecve),
	A(v61_up_open), A(v61_up_creat), A(v61_up_nofollow),
	A(v50_dirfd), A(v50_dirfd_unlink), A(v50_fchmod), A(v50_futimens), R(v50_fchownat), R(v50_fchown), A(v65_reopen),
	R(v67_link_of_descriptor), A(v51_chdir), A(v51_fchdir),
};

static int
says_which(void)
{
	char path[PATH_MAX + 1];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	path[n > 0 ? n : 0] = '\0';
	return strstr(path, "/noexec/") ? 42 : 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "which"))
		return says_which();
	if (argc == 3 && !strcmp(argv[1], "swap"))
		swaps(argv[2]);
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
