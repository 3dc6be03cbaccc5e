/* SPDX-License-Identifier: ISC */
/*
 * Attacks on the memory in which tollgate holds what it checked, the window:
 * to write there, to have something else there, to have a child without it.
 * Where there is none, the same is tried on a mapping of our own that is made
 * like it, and must work.
 */
#include "escape.h"

#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/uio.h>

enum { PAGE = 4096, LIKENESS = 4 << 20 };

#define WINDOW	window_size
#define PAGES	(int)(window_size / PAGE)

static char *at;
static bool ours, of_cradle;

/* Written to by the maker alone, mapped for reading from a descriptor that only reads. */
static char *
likeness(void)
{
	int fd = (int)syscall(SYS_memfd_create, "likeness", 3U), readable;
	char *p;

	if (fd < 0) {
		char name[] = "/tmp/likeness-XXXXXX";

		fd = mkstemp(name);
		unlink(name);
	}
	readable = open(text("/proc/self/fd/%d", fd), O_RDONLY);
	if (ftruncate(fd, WINDOW) < 0)
		_exit(3);
	p = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, readable >= 0 ? readable : fd, 0);
	close(fd);
	close(readable);
	return p;
}

static void
find(void)
{
	at = of_cradle ? cradle() : window();
	ours = !at;
	if (ours) {
		window_size = LIKENESS;
		at = likeness();
	}
}

/* Is all of it still there, for reading only? */
static bool
is_whole(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long lo, hi;
	char line[4096], perms[5];
	bool whole = false;

	while (f && fgets(line, sizeof(line), f))
		whole |= sscanf(line, "%lx-%lx %4s", &lo, &hi, perms) == 3 && !strcmp(perms, of_cradle && !ours ? "r-xs" : "r--s") &&
		    lo == (unsigned long)at && hi == lo + WINDOW;
	if (f)
		fclose(f);
	return whole;
}

/* Every page, and what touches it from below and above by a byte or a page. */
static int
all_over(long (*try_one)(char *start, size_t len))
{
	static const struct { long start, len; } around[] = {
		{ 0, PAGE }, { 0, 1 }, { -PAGE, PAGE + 1 }, { -PAGE, 2 * PAGE }, { 0, 2 * PAGE },
	};
	int step = tries() > 5000 ? 1 : 61, err = 0;

	find();
	for (int page = 0; page < PAGES; page += step)
		for (size_t k = 0; k < sizeof(around) / sizeof(around[0]); k++) {
			char *start = at + page * PAGE + around[k].start;

			if (try_one(start, (size_t)around[k].len) < 0)
				err = errno;
			if (!is_whole())
				return REACHED;
		}
	try_one(at, WINDOW);
	try_one(at - PAGE, WINDOW + 2 * PAGE);
	try_one(at + WINDOW - PAGE, PAGE);
	try_one(at + WINDOW - 1, 1);
	errno = err;
	return is_whole() ? REFUSED : REACHED;
}

static long unmap(char *p, size_t n) { return munmap(p, n); }
static long map_over(char *p, size_t n) { return (long)mmap(p, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == -1 ? -1 : 0; }
static long move(char *p, size_t n) { return mremap(p, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, at + 4 * WINDOW) == MAP_FAILED ? -1 : 0; }
static long shrink(char *p, size_t n) { return mremap(p, n + PAGE, PAGE, 0) == MAP_FAILED ? -1 : 0; }
static long hide(char *p, size_t n) { return mprotect(p, n, PROT_NONE); }

static long
attach_over(char *p, size_t n)
{
	int id = shmget(IPC_PRIVATE, n, IPC_CREAT | 0600);
	long r = (long)shmat(id, p, SHM_REMAP);

	shmctl(id, IPC_RMID, NULL);
	return r == -1 ? -1 : 0;
}

static long
move_onto(char *p, size_t n)
{
	char *from = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mremap(from, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, p) == MAP_FAILED ? -1 : 0;
}

static long
no_fork(char *p, size_t n)
{
	pid_t pid;
	int status = 0;

	if (madvise((char *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1)), n, MADV_DONTFORK) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		_exit(is_whole() ? 0 : 1);
	waitpid(pid, &status, 0);
	if (status)
		map_over(at, PAGE);		/* told by what is_whole() says */
	return 0;
}

static int
all_over_cradle(long (*try_one)(char *start, size_t len))
{
	of_cradle = true;
	return getenv("HELD") && !cradle() ? ABSENT : all_over(try_one);
}

static int v47_munmap(void) { return all_over(unmap); }
static int v47_mmap(void) { return all_over(map_over); }
static int v47_mremap_from(void) { return all_over(move); }
static int v47_mremap_shrink(void) { return all_over(shrink); }
static int v47_mremap_onto(void) { return all_over(move_onto); }
static int v47_mprotect(void) { return all_over(hide); }
static int v47_shmat(void) { return all_over(attach_over); }
static int v47_dontfork(void) { return all_over(no_fork); }
static int v47_cradle_munmap(void) { return all_over_cradle(unmap); }
static int v47_cradle_mmap(void) { return all_over_cradle(map_over); }
static int v47_cradle_mremap_from(void) { return all_over_cradle(move); }
static int v47_cradle_mremap_onto(void) { return all_over_cradle(move_onto); }
static int v47_cradle_mprotect(void) { return all_over_cradle(hide); }
static int v47_cradle_shmat(void) { return all_over_cradle(attach_over); }
static int v47_cradle_dontfork(void) { return all_over_cradle(no_fork); }

/* By a child, since what else lies there goes, too. */
static int
in_own_copy(int (*try_one)(void))
{
	int status = 0;
	pid_t pid;

	find();
	pid = fork();
	if (pid == 0)
		_exit(try_one() < 0 && is_whole() ? errno : is_whole() ? 0 : 254);
	waitpid(pid, &status, 0);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ENODATA;
	if (ours && (errno == EINVAL || errno == ENODEV || errno == ENOENT))
		errno = ENOSYS;		/* a kernel that has no such pages */
	return WIFEXITED(status) && WEXITSTATUS(status) == 254 ? REACHED : REFUSED;
}

/* Huge pages that begin below: what is mapped of them is as long as one is, and none needs to be there. */
static int
map_huge(int shift, int fd)
{
	char *below = (char *)((uintptr_t)at & ~(((uintptr_t)1 << shift) - 1));
	int flags = fd < 0 ? MAP_ANONYMOUS | MAP_HUGETLB | shift << 26 : 0;

	if (below == at) {
		errno = ENODATA;
		return -1;
	}
	return mmap(below, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | flags, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int map_2m(void) { return map_huge(21, -1); }
static int map_2m_of_file(void) { return map_huge(21, (int)syscall(SYS_memfd_create, "huge", 4U /* MFD_HUGETLB */)); }

/* The whole of the addresses that windows of 64-bit programs are in. */
static int
map_1g(void)
{
	if ((uintptr_t)at >> 31) {
		errno = ENODATA;
		return -1;
	}
	return map_huge(30, -1);
}

static int
move_2m(void)
{
	char *from = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	char *below = (char *)((uintptr_t)at & ~(((uintptr_t)1 << 21) - 1));

	return from == MAP_FAILED || mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, below) == MAP_FAILED ? -1 : 0;
}

/* A ring is unmapped as long as it was when it was made, wherever it has been moved. */
static int
move_ring(void)
{
	char *ring = NULL, *below = at - PAGE;

	if (syscall(SYS_io_setup, 2000, &ring) < 0)
		return -1;
	if (mremap(ring, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, below) == MAP_FAILED)
		return -1;
	return (int)syscall(SYS_io_destroy, below);
}

static int v47_huge_pages(void) { return in_own_copy(map_2m); }
static int v47_huge_file(void) { return in_own_copy(map_2m_of_file); }
static int v47_huge_largest(void) { find(); return ours ? ABSENT : in_own_copy(map_1g); }
static int v47_huge_moved(void) { return in_own_copy(move_2m); }
static int v47_ring_moved(void) { return in_own_copy(move_ring); }

/* The same by a process that shares the memory. */
static char peer_stack[65536] __attribute__((aligned(16)));

static int
peer_unmaps(void *arg)
{
	(void)arg;
	for (int page = 0; page < PAGES; page += 61)
		if (munmap(at + page * PAGE, PAGE) == 0 || map_over(at + page * PAGE, PAGE) == 0)
			break;
	syscall(SYS_exit_group, 0);
	return 0;
}

static int
v47_memory_sharer(void)
{
	pid_t pid;

	find();
	pid = clone(peer_unmaps, peer_stack + sizeof(peer_stack), CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		return REFUSED;
	waitpid(pid, NULL, __WALL);
	errno = ENODATA;
	return is_whole() ? REFUSED : REACHED;
}

/* Overflow: a sum that comes out below. */
static int
v47_overflow(void)
{
	find();
	munmap(at + PAGE, (size_t)0 - PAGE);
	munmap(at, (size_t)-1);
	madvise(at + PAGE, (size_t)0 - PAGE, MADV_DONTFORK);
	errno = EINVAL;
	if (ours)
		return ABSENT;		/* that nothing of the kind works is the kernel's doing */
	return is_whole() ? REFUSED : REACHED;
}

/* Writing there.  Our own likeness is written by its maker, to see that it would show. */

static int
was_written(void)
{
	errno = ENODATA;
	return at[WINDOW - 1] == 'w' ? REACHED : REFUSED;
}

static int
written(const char *path)
{
	int fd = open(path, O_RDWR), err = errno;
	char *p;

	if (fd < 0) {
		errno = err;
		return REFUSED;
	}
	(void)!pwrite(fd, "w", 1, WINDOW - 1);
	p = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		p[WINDOW - 1] = 'w';
	return was_written();
}

static int
v47_map_files(void)
{
	find();
	return written(text("/proc/self/map_files/%lx-%lx", (unsigned long)at, (unsigned long)at + WINDOW));
}

/* The policy of this test lifts nothing; what the kernel itself holds is the point where it is lifted. */
static int
v47_proc_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR);

	find();
	if (ours)
		return ABSENT;
	if (fd < 0 || pwrite(fd, "w", 1, (off_t)(uintptr_t)(at + WINDOW - 1)) != 1)
		return REFUSED;
	return was_written();
}

static int
v47_mprotect_writable(void)
{
	find();
	if (mprotect(at, WINDOW, PROT_READ | PROT_WRITE) < 0)
		return ours ? ABSENT : REFUSED;
	at[WINDOW - 1] = 'w';
	return was_written();
}

/* Segments of shared memory by their numbers; only what our own tollgate made. */
static int
v47_segments(void)
{
	struct shmid_ds ds;
	int r = REFUSED, id, own = -1;
	bool any = false;

	find();
	if (ours) {
		own = shmget(IPC_PRIVATE, WINDOW, IPC_CREAT | 0400);
		(void)!shmat(own, NULL, SHM_RDONLY);
	}
	for (int i = 0; i < 4096 && r == REFUSED; i++) {
		char *p;

		id = shmctl(i, SHM_STAT, &ds);
		if (id < 0 || ds.shm_segsz != WINDOW || ds.shm_cpid != (ours ? getpid() : atoi(getenv("TOLLGATE_PID") ? getenv("TOLLGATE_PID") : "0")))
			continue;
		any = true;
		ds.shm_perm.mode = 0600;
		shmctl(id, IPC_SET, &ds);
		p = shmat(id, NULL, 0);
		if (p != (void *)-1)
			r = REACHED;
	}
	if (own >= 0)
		shmctl(own, IPC_RMID, NULL);
	errno = any ? EINVAL : ENODATA;
	return r;
}

/* A child gets its window: its descriptor is there for some stops. */
static int
v47_descriptor_of_newcomer(void)
{
	long n = tries() / 10 + 1;
	int r = REFUSED;

	alarm(300);
	find();
	if (ours)
		return ABSENT;
	while (n-- > 0 && r == REFUSED) {
		pid_t pid = fork();

		if (pid == 0) {
			execl(self, self, "nothing", NULL);
			_exit(1);
		}
		while (waitpid(pid, NULL, WNOHANG) == 0)
			for (int fd = 3; fd < 6; fd++) {
				int got = open(text("/proc/%d/fd/%d", (int)pid, fd), O_RDWR);
				struct stat st;

				if (got >= 0 && fstat(got, &st) == 0 && st.st_size == WINDOW && pwrite(got, "w", 1, WINDOW - 1) == 1)
					r = REACHED;
				close(got);
			}
	}
	errno = EACCES;
	return r;
}

/*
 * A child whose parent died before tollgate heard of it has its parent's
 * memory, and nobody else's window.  What it asks for is written where the
 * window of another was.
 */
static struct { volatile int tried, reached; } *orphans;
static char orphan_stack[8][65536] __attribute__((aligned(16)));

static int
orphan(void *arg)
{
	int r = canary(open("g", O_RDONLY));

	(void)arg;
	if (r == REACHED)
		__atomic_add_fetch(&orphans->reached, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&orphans->tried, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return 0;
}

static void
storm(long n)
{
	for (long i = 0; i < n && !orphans->reached; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int k = 0; k < 6; k++)
				clone(orphan, orphan_stack[k + 1], SIGCHLD, NULL);
			pause();
		}
		usleep(300 * (useconds_t)(i % 20));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* memory orphans ADDRESS: the second image. */
static int
second_image(const char *address, const char *folder)
{
	char *mine = window(), *p = (char *)strtoul(address, NULL, 16);

	box = folder;
	if (!mine)
		return 4;
	orphans = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p = mmap(p, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | 0x100000, -1, 0);
	if (p == MAP_FAILED || p != (char *)strtoul(address, NULL, 16))
		return 2;
	for (int page = 0; page < PAGES; page++)
		strcpy(p + page * PAGE, in_box("forbidden/secret"));
	storm(tries() / 3 + 1);
	return orphans->reached ? 42 : orphans->tried ? 0 : 3;
}

static int
v03_orphan_window(void)
{
	pid_t pid;
	int status = 0;

	alarm(900);
	find();
	if (ours)
		return ABSENT;
	orphans = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	storm(tries() / 6 + 1);
	for (int n = 0; n < 50; n++) {		/* its window must lie elsewhere */
		pid = fork();
		if (pid == 0) {
			execl(self, self, "orphans", text("%lx", (unsigned long)at), box, NULL);
			_exit(4);
		}
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 2)
			break;
	}
	errno = ENODATA;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
		return REACHED;
	return status ? ABSENT : REFUSED;	/* it has to have been tried */
}

/*
 * The same with the memory shared: what a lock splits is the window still, and
 * an orphan that is not known to have one could take it away from those it
 * shares it with.
 */
static int
unmaps(void *arg)
{
	(void)arg;
	__atomic_add_fetch(&orphans->tried, 1, __ATOMIC_SEQ_CST);
	if (munmap(at, WINDOW / 2) == 0)
		__atomic_add_fetch(&orphans->reached, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_exit, 0);
	return 0;
}

static int
makes_orphans(void *arg)
{
	(void)arg;
	for (int k = 1; k < 7; k++)
		clone(unmaps, orphan_stack[k + 1], CLONE_VM | SIGCHLD, NULL);
	for (;;)
		pause();
	return 0;
}

static void
storm_of_sharers(long n)
{
	if (mlock(at + PAGE, PAGE) < 0)
		_exit(2);
	for (long i = 0; i < n && !orphans->reached; i++) {
		pid_t pid = clone(makes_orphans, orphan_stack[1], CLONE_VM | SIGCHLD, NULL);

		usleep(300 * (useconds_t)(i % 20));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
}

static int
v03_orphan_split(void)
{
	pid_t pid;

	alarm(900);
	find();
	if (ours)
		return ABSENT;
	orphans = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();		/* without a window it would be killed */
	if (pid == 0) {
		storm_of_sharers(tries() + 200);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	errno = orphans->tried ? ENODATA : EAGAIN;
	return orphans->reached ? REACHED : REFUSED;
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(v47_munmap), A(v47_mmap), A(v47_mremap_from), A(v47_mremap_shrink), A(v47_mremap_onto), A(v47_mprotect), A(v47_shmat),
	A(v47_dontfork), A(v47_memory_sharer), A(v47_overflow), R(v47_map_files), A(v47_proc_mem), A(v47_mprotect_writable),
	A(v47_huge_pages), A(v47_huge_file), A(v47_huge_largest), A(v47_huge_moved), A(v47_ring_moved),
	A(v47_cradle_munmap), A(v47_cradle_mmap), A(v47_cradle_mremap_from), A(v47_cradle_mremap_onto), A(v47_cradle_mprotect),
	A(v47_cradle_shmat), A(v47_cradle_dontfork),
	A(v47_segments), A(v47_descriptor_of_newcomer), A(v03_orphan_window), A(v03_orphan_split),
};

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	self = argv[0];
	if (argc == 4 && !strcmp(argv[1], "orphans"))
		return chdir(text("%s/allowed", argv[3])) < 0 ? 1 : second_image(argv[2], argv[3]);
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
