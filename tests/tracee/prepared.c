/* SPDX-License-Identifier: ISC */
/*
 * prepared heap|forged|ring|group GOOD SECRET: prepares its memory before it is attached
 * to, so that calls which name no window take it away; then GOOD's name becomes
 * SECRET's there; forged: a filter of its own says where its heap ends.  Or, as soon as it is attached to, ends who attached by signals
 * to its process and its group.  8 when it came to read SECRET, else 7; 19 when
 * this cannot be prepared here.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, WINDOWS = 16 << 20, TEXT = 1 << 20 };
static const char *good, *secret;

/* A line of a file of /proc/self that holds the word. */
static bool
find(const char *path, const char *word, char line[PAGE])
{
	FILE *f = fopen(path, "r");
	bool found = false;

	while (f && !found && fgets(line, PAGE, f))
		found = strstr(line, word);
	if (f)
		fclose(f);
	return found;
}

static pid_t
wait_for_tracer(void)
{
	char line[PAGE];
	pid_t tracer = 0;

	for (int i = 0; i < 600 && !tracer; i++) {
		usleep(100000);
		if (find("/proc/self/status", "TracerPid:", line))
			tracer = atoi(line + 10);
	}
	usleep(300000);
	return tracer;
}

static bool
reads_secret(const char *name)
{
	char text[7] = "";
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, 6);

	if (fd >= 0)
		close(fd);
	return n == 6 && !strcmp(text, "secret");
}

/* Our own pages in the window's place, when that has been taken away; its first part is what holds names. */
static int
have_window(unsigned long lo, unsigned long len)
{
	char *at = mmap((void *)lo, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at != (char *)lo)
		return 7;
	for (size_t page = 0; page < len; page += PAGE)
		strcpy(at + page, secret);
	return reads_secret(good) ? 8 : 7;
}

/* Where names are held. */
static unsigned long
window(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long found = 0;
	char line[PAGE];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " r--s 00000000 ") && (strstr(line, "memfd:tollgate") || strstr(line, "/SYSV")))
			found = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	return found;
}

/* brk(0) is answered with 0. */
static bool
forge_heap(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_brk, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The heap reaches over where windows are put, and has a hole there; when it is made smaller all of it goes. */
static int
prepare_heap(bool forged)
{
	enum { END = 0x80000000u, HOLE = 0x40000000 };
	unsigned long before = (unsigned long)syscall(SYS_brk, 0), at;

	if (before > HOLE || (unsigned long)syscall(SYS_brk, (unsigned long)END) != END)
		return 19;
	munmap((void *)(uintptr_t)HOLE, END - HOLE);
	if (mmap((void *)(uintptr_t)(END - PAGE), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return 19;
	if (forged && !forge_heap())
		return 19;
	if (!wait_for_tracer() || reads_secret(secret))
		return 20;
	at = window();
	syscall(SYS_brk, before);
	return have_window(at, TEXT);
}

/* A ring of io_setup(2) is unmapped with the length that it had at first; behind what is left of it lies what looks like a window of before. */
static int
prepare_ring(void)
{
	enum { AT = 0x50000000 };
	aio_context_t ring = 0;
	char path[64], line[PAGE], start[20];
	unsigned long lo, len;
	int fd = memfd_create("tollgate", 0);

	if (fd < 0 || ftruncate(fd, WINDOWS) < 0 || syscall(SYS_io_setup, 4000, &ring) < 0)
		return 19;
	snprintf(start, sizeof(start), "%lx-", (unsigned long)ring);
	if (!find("/proc/self/maps", start, line))
		return 19;
	lo = strtoul(line, NULL, 16);
	len = strtoul(strchr(line, '-') + 1, NULL, 16) - lo;
	if (mremap((void *)lo, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(uintptr_t)AT) == MAP_FAILED)
		return 19;
	munmap((void *)(uintptr_t)(AT + PAGE), len - PAGE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mmap((void *)(uintptr_t)(AT + PAGE), WINDOWS, PROT_READ, MAP_SHARED | MAP_FIXED, open(path, O_RDONLY), 0) == MAP_FAILED)
		return 19;
	close(fd);
	if (!wait_for_tracer() || reads_secret(secret))
		return 20;
	lo = window();
	syscall(SYS_io_destroy, (aio_context_t)AT);
	return have_window(lo, len - PAGE);
}

static int
signal_group(void)
{
	pid_t tracer = wait_for_tracer();

	if (!tracer || reads_secret(secret))
		return 20;
	kill(tracer, SIGTERM);
	kill(-tracer, SIGTERM);
	for (int i = 0; i < 20; i++) {
		usleep(100000);
		if (reads_secret(secret))
			return 8;
	}
	return 7;
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 15;
	good = argv[2];
	secret = argv[3];
	if (!strcmp(argv[1], "heap") || !strcmp(argv[1], "forged"))
		return prepare_heap(argv[1][0] == 'f');
	return strcmp(argv[1], "ring") ? signal_group() : prepare_ring();
}
