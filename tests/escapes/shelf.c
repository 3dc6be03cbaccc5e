/* SPDX-License-Identifier: ISC */
/*
 * Attacks on the ways by which tollgate leads calls to what it holds open:
 * /proc/SHELF/fd/N, which stands in the window of a program for as long as a
 * call lasts.  Without tollgate the same ways lead to a child of ours, and
 * must work.
 */
#include "escape.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { OUR_FD = 9 };

static char way[128];		/* /proc/PID/fd/N */
static pid_t keeper;		/* PID */
static int number;		/* N */

static void *
waits(void *arg)
{
	int fd = open("fifo", O_RDONLY);

	close(fd);
	return arg;
}

/* What tollgate wrote for a call that is not over. */
static bool
read_way(const char *window_at)
{
	for (int turn = 0; turn < 2000; turn++) {
		for (size_t page = 0; page < window_size / WINDOW_PAGE; page++) {
			const char *p = window_at + page * WINDOW_PAGE;

			if (sscanf(p, "/proc/%d/fd/%d", &keeper, &number) != 2)
				continue;
			snprintf(way, sizeof(way), "/proc/%d/fd/%d", keeper, number);
			return true;
		}
		usleep(1000);
	}
	return false;
}

/* A child that holds what only it can reach. */
static void
make_keeper(void)
{
	int ready[2];
	char c;

	if (pipe(ready) < 0)
		_exit(3);
	keeper = fork();
	if (keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("fifo", O_RDWR), OUR_FD);
		(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	(void)!read(ready[0], &c, 1);
	number = OUR_FD;
	snprintf(way, sizeof(way), "/proc/%d/fd/%d", keeper, number);
}

static bool
find_way(void)
{
	char *at = window();
	pthread_t t;

	if (mkfifo("fifo", 0600) < 0 && errno != EEXIST)
		return false;
	if (!at) {
		make_keeper();
		return true;
	}
	return pthread_create(&t, NULL, waits, NULL) == 0 && read_way(at);
}

/* The way itself, or what is reached by it. */
static int
opens(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK);

	return fd < 0 ? REFUSED : REACHED;
}

#define WAY(fn, path) static int fn(void) { return find_way() ? opens(path) : ABSENT; }

WAY(m01_plain, way)
WAY(m01_dots, text("/proc/self/../%d/fd/%d", keeper, number))
WAY(m01_slashes, text("//proc//%d//fd//%d", keeper, number))
WAY(m01_task, text("/proc/%d/task/%d/fd/%d", keeper, keeper, number))
WAY(m01_root, text("/proc/self/root/proc/%d/fd/%d", keeper, number))
WAY(m01_up, text("/dev/../proc/%d/fd/%d", keeper, number))
WAY(m01_task_up, text("/proc/self/task/%d/../../../%d/fd/%d", (int)getpid(), keeper, number))

static int
link_to_way(const char *target, const char *rest)
{
	unlink("way");
	return symlink(target, "way") < 0 ? REFUSED : opens(text("way%s", rest));
}

static int m01_link(void) { return find_way() ? link_to_way(way, "") : ABSENT; }
static int m01_link_dir(void) { return find_way() ? link_to_way(text("/proc/%d", keeper), text("/fd/%d", number)) : ABSENT; }
static int m01_link_proc(void) { return find_way() ? link_to_way("/proc", text("/%d/fd/%d", keeper, number)) : ABSENT; }

static int
m01_chdir(void)
{
	if (!find_way() || chdir("/proc") < 0)
		return ABSENT;
	return opens(text("%d/fd/%d", keeper, number));
}

static int
m01_chdir_into(void)
{
	if (!find_way())
		return ABSENT;
	return chdir(text("/proc/%d/fd", keeper)) < 0 ? REFUSED : opens(text("%d", number));
}

static int
m01_dirfd(void)
{
	int d = open("/proc", O_RDONLY | O_DIRECTORY), fd;

	if (!find_way() || d < 0)
		return ABSENT;
	fd = openat(d, text("%d/fd/%d", keeper, number), O_RDWR | O_NONBLOCK);
	return fd < 0 ? REFUSED : REACHED;
}

static int
m01_opath(void)
{
	int d, fd;

	if (!find_way())
		return ABSENT;
	d = open(text("/proc/%d", keeper), O_PATH);
	fd = d < 0 ? -1 : openat(d, text("fd/%d", number), O_RDWR | O_NONBLOCK);
	return fd < 0 ? REFUSED : REACHED;
}

static int
m01_readlink(void)
{
	char b[256];

	return find_way() ? done(readlink(way, b, sizeof(b))) : ABSENT;
}

static int
m01_stat(void)
{
	struct stat st;

	return find_way() ? done(stat(way, &st)) : ABSENT;
}

static int m01_hard_link(void) { return find_way() ? done(linkat(AT_FDCWD, way, AT_FDCWD, "stolen", AT_SYMLINK_FOLLOW)) : ABSENT; }
static int m01_maps(void) { return find_way() ? done(open(text("/proc/%d/maps", keeper), O_RDONLY)) : ABSENT; }
static int m01_environ(void) { return find_way() ? done(open(text("/proc/%d/environ", keeper), O_RDONLY)) : ABSENT; }
static int m01_kill(void) { return find_way() ? done(kill(keeper, SIGURG)) : ABSENT; }
static int m01_stop(void) { return find_way() ? done(kill(keeper, SIGSTOP)) : ABSENT; }
static int m01_limit(void) { struct rlimit { unsigned long a, b; } r = { 0, 0 }; return find_way() ? done(syscall(SYS_prlimit64, keeper, 1, NULL, &r)) : ABSENT; }

static int
m01_pidfd(void)
{
	int fd;

	if (!find_way())
		return ABSENT;
	fd = (int)syscall(SYS_pidfd_open, keeper, 0);
	return fd < 0 ? REFUSED : REACHED;
}

/* By the name of a socket. */
static int
m01_bind(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!find_way())
		return ABSENT;
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/%d/cwd/sock%d", keeper, (int)getpid());
	return done(bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

/* As a program, and as the interpreter of one. */
static int
ran(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, "run", "which", NULL);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno ? REFUSED : REACHED;
}

static int m01_exec(void) { return find_way() ? ran(text("/proc/%d/exe", keeper)) : ABSENT; }

static int
m01_interpreter(void)
{
	int fd;

	if (!find_way())
		return ABSENT;
	fd = open("script", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	dprintf(fd, "#!/proc/%d/exe\n", keeper);
	close(fd);
	return ran("./script");
}

/* All that was tried above while the name is changed to it after the look. */
static void
to_way(bool evil)
{
	common->name[0][0] = evil ? 'w' : 'g';
}

static int
try_way(void)
{
	int fd = open(common->name[0], O_RDWR | O_NONBLOCK);
	struct stat st;
	bool fifo;

	if (fd < 0)
		return REFUSED;
	fifo = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
	close(fd);
	errno = ENODATA;
	return fifo ? REACHED : REFUSED;
}

static int
m01_raced(void)
{
	if (!find_way())
		return ABSENT;
	unlink("w");
	if (symlink(way, "w") < 0)
		return REFUSED;
	share();
	strcpy(common->name[0], "g");
	return race(to_way, try_way);
}

/* Rights that are tollgate's and not the program's: folders that it may not search, after it has given up its own. */

static int
as_nobody(const char *path)
{
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return ABSENT;
	return canary(open(path, O_RDONLY));
}

/*
 * REACHED is what the kernel would not have allowed; without tollgate it does
 * not, so there is nothing to compare with.
 */
static int
m02_search_lent(void)
{
	if (chdir("/") < 0)
		return ABSENT;
	return as_nobody(in_box("closed/secret"));
}

static int
m02_search_lent_in_thread(void)
{
	if (syscall(SYS_setfsuid, 65534) < 0 || chdir("/") < 0)
		return ABSENT;
	return canary(open(in_box("closed/secret"), O_RDONLY));
}

/*
 * In a root of its own, which the policy lets it take and write, a program
 * makes tollgate's names lead where it likes.
 */
static bool
build_jail(void)
{
	int fd;

	if (mkdir("jail", 0755) < 0 || mkdir("jail/proc", 0755) < 0 || mkdir(text("jail/proc/%d", keeper), 0755) < 0 ||
	    mkdir(text("jail/proc/%d/fd", keeper), 0755) < 0 || link("g", "jail/g") < 0)
		return errno == EEXIST;
	for (fd = 0; fd < 64; fd++)
		(void)!symlink("/evil", text("jail/proc/%d/fd/%d", keeper, fd));
	fd = open("jail/evil", O_WRONLY | O_CREAT, 0600);
	return fd >= 0 && ftruncate(fd, 77) == 0 && close(fd) == 0;
}

static int
m03_jail(void)
{
	struct stat st;

	if (!window() || !find_way())
		return ABSENT;
	if (!build_jail() || chroot("jail") < 0 || stat("/g", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_size == 77 ? REACHED : REFUSED;
}

/* The root is taken by another thread, while the call is made. */
static volatile bool looks_on;

static void *
looks(void *arg)
{
	struct stat st;

	while (looks_on)
		if (stat("g", &st) == 0 && st.st_size == 77)
			_exit(42);
	return arg;
}

static int
m03_jail_raced(void)
{
	long n = tries();
	int status = 0;

	if (!window() || !find_way() || !build_jail())
		return ABSENT;
	alarm(900);
	for (long i = 0; i < n && (!WIFEXITED(status) || WEXITSTATUS(status) != 42); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t t;

			looks_on = true;
			pthread_create(&t, NULL, looks, NULL);
			usleep(300 + 37 * (useconds_t)(i % 40));
			(void)!chroot("jail");
			usleep(300);
			looks_on = false;
			_exit(0);
		}
		waitpid(pid, &status, 0);
	}
	errno = ENODATA;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? REACHED : REFUSED;
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(m01_plain), A(m01_dots), A(m01_slashes), A(m01_task), A(m01_root), A(m01_up), A(m01_task_up),
	A(m01_link), A(m01_link_dir), A(m01_link_proc), A(m01_chdir), A(m01_chdir_into), A(m01_dirfd), A(m01_opath),
	A(m01_readlink), A(m01_stat), A(m01_hard_link), A(m01_maps), A(m01_environ), A(m01_kill), A(m01_limit),
	A(m01_pidfd), A(m01_bind), A(m01_exec), A(m01_interpreter), A(m01_raced), A(m01_stop),
	R(m02_search_lent), R(m02_search_lent_in_thread), R(m03_jail), R(m03_jail_raced),
};

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "which"))
		return 0;
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
