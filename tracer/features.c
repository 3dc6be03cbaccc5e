/* SPDX-License-Identifier: ISC */
#include "tracer/features.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/pt.h"
#include "tracer/window.h"

static bool
reads_memory(void)
{
	char from = 1, to = 0;
	struct iovec a = { &to, 1 }, b = { &from, 1 };

	return process_vm_readv(getpid(), &a, 1, &b, 1, 0) == 1;
}

static bool
shows_syscall(void)
{
	return access("/proc/self/syscall", R_OK) == 0;
}

static bool
knows_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
}

static bool
closes_ranges(void)
{
	return syscall(SYS_close_range, ~0U, ~0U, 0) == 0;
}

/* By name from another process, what is open as a path only: /proc/PID/fd. */
static bool
holds(void)
{
	char link[32], name[16];
	int fd = open("/", O_PATH | O_CLOEXEC);
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fd < 0 ? -1 : readlink(link, name, sizeof(name));
	close(fd);
	return n > 0;
}

static bool
seals(void)
{
	return window_is_there(BACK_SEALED);
}

static bool
makes_memfd(void)
{
	return window_is_there(BACK_MEMFD);
}

static bool
attaches(void)
{
	return window_is_there(BACK_SHM);
}

const struct feature features[] = {
	{ "seize", "3.4", "stops and continuations of the program are seen as without tollgate",
	  "a program stopped by a signal goes on at once; new tasks begin in code of tollgate's, which takes shm", PT_SEIZE, NULL },
	{ "exitkill", "3.8", "the kernel kills the program when tollgate dies",
	  "a watchdog process kills it; a call that was being decided may still be made", PT_EXITKILL, NULL },
	{ "syscall-info", "5.3", "the kernel says what a stop is and by which ABI a call came",
	  "registers and /proc/TID/syscall tell: four more calls of tollgate's for each of the program's", PT_SYSCALL_INFO, NULL },
	{ "filter", "4.8", "calls that need no look do not stop the program (--engine seccomp)",
	  "every call stops it twice", PT_FILTER, NULL },
	{ "regset", "2.6.34", "registers come in the layout of the code that runs",
	  "they come in one layout, and the code segment tells which code runs", PT_REGSET, NULL },
	{ "proc-syscall", "2.6.27", "/proc/TID/syscall tells apart the ABIs that 64-bit code can call by",
	  "without syscall-info every call of 64-bit programs is refused", 0, shows_syscall },
	{ "vm-read", "3.2", "arguments are read by process_vm_readv",
	  "they are read from /proc/PID/mem, or word by word, and also where the program may not read them itself", 0, reads_memory },
	{ "hold", "2.6.39", "calls are made on the memory and on the objects that were checked",
	  "a program that races with itself gets at what its policy refuses: to measure with, not to run anything hostile", FEATURE_HOLD, holds },
	{ "sealed-memfd", "5.1", "arguments that were checked are held in a file that nobody can write or change",
	  "an unsealed one holds them; opening it anew is refused", FEATURE_WINDOW(BACK_SEALED), seals },
	{ "memfd", "3.17", "a file without a name holds them", "shared memory or an unlinked file does", FEATURE_WINDOW(BACK_MEMFD), makes_memfd },
	{ "shm", "1.0", "shared memory can hold them", "an unlinked file in /dev/shm or /tmp does; without seize, too, a hostile program can make a task that is not held before its first stop", FEATURE_WINDOW(BACK_SHM), attaches },
	{ "no-new-privs", "3.5", "set-user-ID programs give no privileges inside",
	  "they give none either while an unprivileged tollgate traces; do not start it as root", 0, knows_no_new_privs },
	{ "close-range", "5.9", "descriptors are closed at once", "they are closed one by one", 0, closes_ranges },
};
const size_t nfeatures = sizeof(features) / sizeof(features[0]);

bool
feature_is_there(const struct feature *f)
{
	return f->measure ? f->measure() : pt_has(f->bit);
}

static const struct feature *
find(const char *name)
{
	for (size_t i = 0; i < nfeatures; i++)
		if (features[i].bit && !strcmp(features[i].name, name))
			return &features[i];
	return NULL;
}

static void
refuse(const char *name)
{
	char mem[128], list[256];
	struct strbuf b = STRBUF(mem), those = STRBUF(list);

	for (size_t i = 0; i < nfeatures; i++)
		if (features[i].bit)
			strbuf_addf(&those, "%s%s", those.len ? ", " : "", features[i].name);
	strbuf_quote(&b, name, strlen(name), 60);
	warn("--without: tollgate cannot do without %s; it can without %s", b.s, those.s);
}

int
features_named(const struct opt_list *names, unsigned *bits)
{
	*bits = 0;
	for (size_t i = 0; i < names->n; i++) {
		const struct feature *f = find(names->v[i]);

		if (!f) {
			refuse(names->v[i]);
			return -1;
		}
		*bits |= f->bit;
	}
	return 0;
}
