/* SPDX-License-Identifier: ISC */
/*
 * What tollgate is compared with and nobody else has: a tracer that waits and
 * resumes and does nothing else, which is what the kernel takes for two stops
 * of every call; and a filter without a tracer.
 */
#include "tracer/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/export.h"
#include "lib/arena.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"
#include "tracer/pt.h"
#include "tracer/registers.h"
#include "tracer/remote.h"
#include "tracer/stop.h"

enum { MAX_TID = 1 << 22, PATH_ROOM = 4096 };

struct watch {
	bool looks;
	unsigned char *in_call;		/* by tid, a bit: the next stop is an exit */
	struct arena arena;
};

static void
note_call(struct watch *w, pid_t tid, bool entered)
{
	unsigned char bit = (unsigned char)(1 << tid % 8);

	w->in_call[tid / 8] = (unsigned char)(entered ? w->in_call[tid / 8] | bit : w->in_call[tid / 8] & ~bit);
}

static bool
is_in_call(const struct watch *w, pid_t tid)
{
	return w->in_call[tid / 8] >> tid % 8 & 1;
}

/* Once the registers, once a string: the second argument, which is where openat(2) has it. */
static void
look(struct watch *w, pid_t tid)
{
	struct pt_call call = { .op = PT_NONE };
	const char *text;

	if (!pt_has(PT_SYSCALL_INFO)) {
		struct registers r;

		if (registers_load(arch_native(), tid, &r) == 0)
			call.args[1] = registers_get(&r, registers_args(&r, arch_native()->abis[0].audit_arch)[1]);
	} else if (pt_call(tid, &call) < 0) {
		return;
	}
	arena_reset(&w->arena);
	remote_str(tid, (tracee_addr){ call.args[1] }, PATH_ROOM, &w->arena, &text);
}

/* Entries and exits take turns, but for an exec: another task may have begun it. */
static void
on_call(struct watch *w, pid_t tid)
{
	bool entered = !is_in_call(w, tid);

	note_call(w, tid, entered);
	if (entered)
		look(w, tid);
}

/* Below PT_SEIZE a new task begins with a SIGSTOP that is nobody's. */
static void
resume(pid_t tid, const struct stop *stop)
{
	if (stop->kind == STOP_GROUP)
		pt_listen(tid);
	else if (stop->kind == STOP_SIGNAL)
		pt_resume(tid, stop->sig == SIGSTOP && !pt_has(PT_SEIZE) ? 0 : stop->sig);
	else
		pt_resume(tid, 0);
}

static void
on_stop(struct watch *w, pid_t tid, const struct stop *stop)
{
	bool gone = stop_is_end(stop);

	if (w->looks && stop->kind == STOP_CALL)
		on_call(w, tid);
	if (w->looks && (stop->kind == STOP_EXEC || gone))
		note_call(w, tid, !gone);
	if (!gone)
		resume(tid, stop);
}

/* Until the last task has ended: how the first one did. */
static int
watch(struct watch *w, pid_t first)
{
	int status, code = EXIT_SELF;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		struct stop stop = stop_parse(status);

		if (tid < 0)
			continue;
		if (tid == first && stop.kind == STOP_EXITED)
			code = stop.code;
		if (tid == first && stop.kind == STOP_KILLED)
			code = 128 + stop.sig;
		on_stop(w, tid, &stop);
	}
	return code;
}

static _Noreturn void
execute(char **argv)
{
	execvp(argv[0], argv);
	warn_err(errno, "cannot execute the program:");
	_exit(errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC);
}

static pid_t
launch_watched(char **argv)
{
	int go[2];
	pid_t pid;
	char c;

	if (pipe2(go, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(EXIT_SELF);
		execute(argv);
	}
	close(go[0]);
	if (pt_seize(pid) == 0 && write(go[1], "", 1) == 1) {
		close(go[1]);
		return pid;
	}
	close(go[1]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
	return -EPERM;
}

int
bench_trace(bool looks, char **argv)
{
	cleanup_free unsigned char *in_call = xcalloc(MAX_TID / 8, 1);
	struct watch w = { .looks = looks, .in_call = in_call };
	const char *wrong = pt_probe(0);
	pid_t pid;
	int code;

	if (wrong) {
		warn("%s", wrong);
		return EXIT_SELF;
	}
	pid = launch_watched(argv);
	if (pid < 0) {
		warn_err(-pid, "cannot trace the program:");
		return EXIT_SELF;
	}
	arena_init(&w.arena, 2 * PATH_ROOM);
	code = watch(&w, pid);
	arena_free(&w.arena);
	return code;
}

int
bench_filter(const char *file, char **argv)
{
	static struct sock_filter insn[EXPORT_MAX_INSNS];
	struct sock_fprog program = { .filter = insn };
	cleanup_file FILE *f = fopen(file, "re");

	if (!f) {
		warn_err(errno, "cannot read the filter:");
		return EXIT_SELF;
	}
	program.len = (unsigned short)fread(insn, sizeof(*insn), EXPORT_MAX_INSNS, f);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		warn_err(errno, "cannot install the filter:");
		return EXIT_SELF;
	}
	execute(argv);
}
