/* SPDX-License-Identifier: ISC */
/*
 * Makes the same call, uname(2), from code in different places, and prints of
 * each whether it was let in: "own ok", "anonymous EPERM".  A directory that
 * can be written is the first argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "rawcall.h"

enum { PAGE = 4096 };

typedef long call(struct utsname *);

__attribute__((noinline, used)) long
own_uname(struct utsname *u)
{
	return raw_uname(u);
}

static void
try(const char *name, call *fn)
{
	struct utsname u;
	long r = fn ? fn(&u) : -errno;

	printf("%s %s\n", name, r >= 0 ? "ok" : strerrorname_np((int)-r));
	fflush(stdout);
}

static long
libc_uname(struct utsname *u)
{
	return uname(u) < 0 ? -errno : 0;
}

static void *
map(int fd, int prot, int flags)
{
	void *p = mmap(NULL, PAGE, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static call *
anonymous(void)
{
	void *p = map(-1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);

	return p ? (call *)made_code(memcpy(p, stub, sizeof(stub)), sizeof(stub)) : NULL;
}

static int
make_file(const char *path)
{
	char page[PAGE] = { 0 };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	memcpy(page, stub, sizeof(stub));
	return fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page) ? fd : -1;
}

/* The instruction begins in memory of our own, and behind it, or within it, begins a page of a file. */
static call *
straddling(const char *path)
{
	char page[PAGE] = { 0 };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	unsigned char *p = map(-1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
	unsigned char *both = p ? mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) : NULL;

	memcpy(page, stub + STUB_SPLIT, sizeof(stub) - STUB_SPLIT);
	if (!both || both == MAP_FAILED || write(fd, page, sizeof(page)) != sizeof(page) ||
	    mmap(both + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
		return NULL;
	close(fd);
	return (call *)made_code(memcpy(both + PAGE - STUB_SPLIT, stub, STUB_SPLIT), sizeof(stub));
}

/* A page of a file that says something else, changed in memory alone. */
static call *
patched(const char *path)
{
	char page[PAGE] = { 0 };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	void *p;

	if (write(fd, page, sizeof(page)) != sizeof(page))
		return NULL;
	p = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	close(fd);
	if (!p)
		return NULL;
	made_code(memcpy(p, stub, sizeof(stub)), sizeof(stub));
	return mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0 ? (call *)p : NULL;
}

static call *
in_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "stub", 1);
	char page[PAGE] = { 0 };

	if (fd < 0)
		return anonymous();	/* the next best */
	memcpy(page, stub, sizeof(stub));
	if (write(fd, page, sizeof(page)) != sizeof(page))
		return NULL;
	return (call *)map(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

int
main(int argc, char **argv)
{
	char file[512], other[512], half[512];
	call *fn;
	void *p;
	int fd;

	if (argc < 2)
		return 2;
	snprintf(file, sizeof(file), "%s/libstub.so.1", argv[1]);
	snprintf(other, sizeof(other), "%s/libother.so.1", argv[1]);
	snprintf(half, sizeof(half), "%s/libhalf.so.1", argv[1]);
	try("libc", libc_uname);
	try("own", own_uname);
	try("anonymous", anonymous());
	try("patched", patched(other));
	try("memfd", in_memfd());
	fd = make_file(file);
	fn = (call *)map(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	try("file", fn);
	/* The same code at the same place, but in no file any more. */
	p = fn ? mmap((void *)fn, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) : NULL;
	if (p)
		made_code(memcpy(p, stub, sizeof(stub)), sizeof(stub));
	try("remapped", (call *)p);
	fn = (call *)map(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	try("again", fn);
	try("straddling", straddling(half));
	/* As in the file, and it can be anything else in a moment. */
	try("writable", (call *)map(fd, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE));
	/* The name leads to another file now. */
	rename(other, file);
	try("replaced", fn);
	unlink(file);
	try("deleted", fn);
	return 0;
}
