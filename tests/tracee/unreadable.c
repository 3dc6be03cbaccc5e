/* SPDX-License-Identifier: ISC */
/* Arguments that the one who checks cannot read, or not all of, or not in the time he has. */
#include "attempt.h"

#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/uio.h>

static size_t
page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static char *
pages(size_t n, int prot)
{
	char *m = mmap(NULL, n * page(), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m == MAP_FAILED ? NULL : m;
}

/* A process that nobody without rights of root may look into. */

static int
hidden(void)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? REFUSED : canary(open("../forbidden/secret", O_RDONLY));
}

static int
hidden_late(void)
{
	open("file", O_RDONLY);
	return hidden();
}

static int
hidden_mkdir(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	return done(mkdir("../forbidden/hidden", 0700));
}

static int
hidden_child(void)
{
	int status;
	pid_t pid;

	prctl(PR_SET_DUMPABLE, 0);
	pid = fork();
	if (pid == 0)
		_exit(canary(open("../forbidden/secret", O_RDONLY)) == REACHED);
	waitpid(pid, &status, 0);
	errno = EFAULT;
	return WIFEXITED(status) && WEXITSTATUS(status) ? REACHED : REFUSED;
}

static int
hidden_openat2(void)
{
	struct open_how h = { .flags = O_RDONLY };

	prctl(PR_SET_DUMPABLE, 0);
	return canary((int)syscall(SYS_openat2, AT_FDCWD, "../forbidden/secret", &h, sizeof(h)));
}

/* Memory of odd kinds that the kernel reads names from all the same. */

static int
name_in(char *at)
{
	return at ? canary(open(strcpy(at, "../forbidden/secret"), O_RDONLY)) : REFUSED;
}

static int
in_file(int flags)
{
	int fd = open("name", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *m;

	if (ftruncate(fd, (off_t)page()) < 0)
		return REFUSED;
	m = mmap(NULL, page(), PROT_READ | PROT_WRITE, flags, fd, 0);
	close(fd);
	return m == MAP_FAILED ? REFUSED : name_in(m);
}

static int shared_file(void) { return in_file(MAP_SHARED); }
static int private_file(void) { return in_file(MAP_PRIVATE); }

static int
in_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "name", 0);
	char *m;

	if (fd < 0 || ftruncate(fd, (off_t)page()) < 0)
		return REFUSED;
	m = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return m == MAP_FAILED ? REFUSED : name_in(m);
}

static int
in_secret(void)
{
	int fd = (int)syscall(447, 0);
	char *m;

	if (fd < 0 || ftruncate(fd, (off_t)page()) < 0)
		return REFUSED;
	m = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return m == MAP_FAILED ? REFUSED : name_in(m);
}

static int
write_only(void)
{
	char *m = pages(1, PROT_READ | PROT_WRITE);

	strcpy(m, "../forbidden/secret");
	mprotect(m, page(), PROT_WRITE);
	return canary(open(m, O_RDONLY));
}

static int
read_only(void)
{
	char *m = pages(1, PROT_READ | PROT_WRITE);

	strcpy(m, "../forbidden/secret");
	mprotect(m, page(), PROT_READ);
	return canary(open(m, O_RDONLY));
}

static int
last_bytes(void)
{
	char *m = pages(2, PROT_READ | PROT_WRITE);

	munmap(m + page(), page());
	return name_in(m + page() - sizeof("../forbidden/secret"));
}

static int
as_long_as_can_be(void)
{
	char *m = pages(2, PROT_READ | PROT_WRITE);
	size_t n = 4095 - strlen("../forbidden/secret");

	for (size_t i = 0; i + 1 < n; i += 2)
		memcpy(m + i, "./", 2);
	strcpy(m + n / 2 * 2, "../forbidden/secret");
	return canary(open(m, O_RDONLY));
}

/*
 * What no kernel takes, and with which error: REACHED is a wrong one.  The
 * control run says absent to all, and so must the other.
 */

static int
fails(int fd, int err)
{
	return fd < 0 && (errno == err || errno == ENOSYS) ? ABSENT : REACHED;
}

static char *
unmapped(void)
{
	char *m = pages(1, PROT_READ);

	munmap(m, page());
	return m;
}

static char *
endless(void)
{
	char *m = pages(3, PROT_READ | PROT_WRITE);

	return memset(m, 'x', 2 * page());
}

static char *
crossing(void)
{
	char *m = pages(2, PROT_READ | PROT_WRITE);

	munmap(m + page(), page());
	return memset(m + page() - 8, '/', 8);
}

#define FAILS(fn, err, call) static int fn(void) { return fails((int)(call), err); }

FAILS(error_null, EFAULT, syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY))
FAILS(error_unmapped, EFAULT, open(unmapped(), O_RDONLY))
FAILS(error_crossing, EFAULT, open(crossing(), O_RDONLY))
FAILS(error_endless, ENAMETOOLONG, open(endless(), O_RDONLY))
FAILS(error_top, EFAULT, open((char *)-4096L, O_RDONLY))
FAILS(error_empty, ENOENT, open("", O_RDONLY))
FAILS(error_component, ENAMETOOLONG, (endless()[300] = 0, open(memset(endless(), 'y', 300), O_RDONLY)))
FAILS(error_stat, EFAULT, syscall(SYS_faccessat, AT_FDCWD, NULL, 0))
FAILS(error_rename, EFAULT, rename("file", unmapped()))
FAILS(error_openhow, EFAULT, syscall(SYS_openat2, AT_FDCWD, "file", unmapped(), sizeof(struct open_how)))
FAILS(error_openhow_small, EINVAL, syscall(SYS_openat2, AT_FDCWD, "file", unmapped(), 8))
FAILS(error_openhow_large, E2BIG, syscall(SYS_openat2, AT_FDCWD, "file", endless(), 64))
FAILS(error_openhow_huge, E2BIG, syscall(SYS_openat2, AT_FDCWD, "file", endless(), 8192))
FAILS(error_dirfd, EBADF, openat(99, "file", O_RDONLY))
FAILS(error_not_dir, ENOTDIR, open("file/x", O_RDONLY))
FAILS(error_loop, ELOOP, open("loop", O_RDONLY))
FAILS(error_execve, EFAULT, syscall(SYS_execve, unmapped(), NULL, NULL))

#define A(fn) { #fn, fn, 0 }
static const struct attempt list[] = {
	A(hidden), A(hidden_late), A(hidden_mkdir), A(hidden_child), A(hidden_openat2), A(shared_file), A(private_file),
	A(in_memfd), A(in_secret), A(write_only), A(read_only), A(last_bytes), A(as_long_as_can_be),
	A(error_null), A(error_unmapped), A(error_crossing), A(error_endless), A(error_top), A(error_empty), A(error_component),
	A(error_stat), A(error_rename), A(error_openhow), A(error_openhow_small), A(error_openhow_large), A(error_openhow_huge),
	A(error_dirfd), A(error_not_dir), A(error_loop), A(error_execve),
};
ATTEMPTS(list)
