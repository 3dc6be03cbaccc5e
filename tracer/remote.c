/* SPDX-License-Identifier: ISC */
#include "tracer/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/maps.h"
#include "tracer/pt.h"

enum { PAGE = 4096 };

static ssize_t
read_vm(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	struct iovec to = { buf, len }, from = { (void *)(uintptr_t)addr, len };

	return process_vm_readv(tid, &to, 1, &from, 1, 0);
}

static ssize_t
read_mem(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	cleanup_close int fd = -1;
	char path[32];

	if (addr > INT64_MAX)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : pread(fd, buf, len, (off_t)addr);
}

static ssize_t
read_peek(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;
	uint64_t word;

	while (done < len) {
		uint64_t at = (addr + done) & ~(uint64_t)(sizeof(long) - 1);
		size_t skip = (size_t)(addr + done - at);
		size_t n = sizeof(long) - skip;

		if (pt_peek(tid, at, &word) < 0)
			return done ? (ssize_t)done : -1;
		if (n > len - done)
			n = len - done;
		memcpy((char *)buf + done, (char *)&word + skip, n);
		done += n;
	}
	return (ssize_t)done;
}

/* Whether neither the task nor the kernel in its name can read there: PROT_NONE. */
static bool
is_closed(pid_t tid, uint64_t addr)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;

	return maps_find(&maps, addr, &m) == 0 && !strncmp(m.perms, "---", 3);
}

static ssize_t
read_forced(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	ssize_t n = read_mem(tid, addr, buf, len);

	return n == (ssize_t)len ? n : read_peek(tid, addr, buf, len);
}

/*
 * Within one page: all of it or -EFAULT.  process_vm_readv can be configured
 * out or filtered away from the tracer, /proc may be absent; PEEKDATA works
 * wherever ptrace does.  The latter two read whatever is mapped.  What the
 * former calls a fault is one, except in pages that may be written or executed
 * only: processors let those be read.
 */
static int
read_in_page(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	bool faults;

	if (read_vm(tid, addr, buf, len) == (ssize_t)len)
		return 0;
	faults = errno == EFAULT;
	if (read_forced(tid, addr, buf, len) != (ssize_t)len)
		return -EFAULT;
	return faults && is_closed(tid, addr) ? -EFAULT : 0;
}

static size_t
left_in_page(uint64_t addr)
{
	return PAGE - (addr & (PAGE - 1));
}

int
remote_read(pid_t tid, tracee_addr a, void *buf, size_t len)
{
	if (len && a.v + (len - 1) < a.v)
		return -EFAULT;
	for (size_t done = 0; done < len; ) {
		size_t n = left_in_page(a.v + done);

		if (n > len - done)
			n = len - done;
		if (read_in_page(tid, a.v + done, (char *)buf + done, n) < 0)
			return -EFAULT;
		done += n;
	}
	return 0;
}

int
remote_str(pid_t tid, tracee_addr a, size_t max, struct arena *arena, const char **out)
{
	char *s = arena_alloc(arena, max + 1);
	size_t done = 0;

	if (!s)
		return -ENOMEM;
	while (done < max) {
		size_t n = left_in_page(a.v + done);

		if (n > max - done)
			n = max - done;
		if (read_in_page(tid, a.v + done, s + done, n) < 0)
			return -EFAULT;
		if (memchr(s + done, '\0', n)) {
			*out = s;
			return 0;
		}
		done += n;
	}
	return -ENAMETOOLONG;
}

static ssize_t
write_vm(pid_t tid, uint64_t addr, const void *buf, size_t len)
{
	struct iovec from = { (void *)(uintptr_t)buf, len }, to = { (void *)(uintptr_t)addr, len };

	return process_vm_writev(tid, &from, 1, &to, 1, 0);
}

static ssize_t
write_mem(pid_t tid, uint64_t addr, const void *buf, size_t len)
{
	cleanup_close int fd = -1;
	char path[32];

	if (addr > INT64_MAX)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : pwrite(fd, buf, len, (off_t)addr);
}

/* May the program write there? */
static bool
is_writable(pid_t tid, uint64_t addr)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;

	return maps_find(&maps, addr, &m) == 0 && m.perms[1] == 'w';
}

/* /proc/PID/mem is written to whatever the protection: it is for kernels without process_vm_writev, and never goes on where that has stopped. */
int
remote_write(pid_t tid, tracee_addr a, const void *buf, size_t len)
{
	ssize_t n = write_vm(tid, a.v, buf, len);

	if (n == (ssize_t)len)
		return 0;
	if (n >= 0 || errno == EFAULT || !is_writable(tid, a.v) || !is_writable(tid, a.v + len - 1))
		return -EFAULT;
	return write_mem(tid, a.v, buf, len) == (ssize_t)len ? 0 : -EFAULT;
}
