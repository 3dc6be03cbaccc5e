/* SPDX-License-Identifier: ISC */
/*
 * One command after the other, each in a process group of its own, and what
 * the kernel tells of it when it has ended.
 */
#include "tracer/bench_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"

/* What takes longer hangs. */
enum { LONGEST = 600 };

/* Signals */

static volatile sig_atomic_t interrupted, timed_out;
static volatile pid_t running;		/* the group */

static void
on_signal(int sig)
{
	if (sig == SIGALRM)
		timed_out = 1;
	else
		interrupted = sig;
	if (running > 0)
		kill(-running, SIGKILL);
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM };
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

/* Who was started by nohup(1) stays so. */
static void
set_signals(void (*how)(int))
{
	struct sigaction sa = { .sa_handler = how }, old;

	for (unsigned i = 0; i < SIGNALS; i++)
		if (signals[i] != SIGHUP || (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN))
			sigaction(signals[i], &sa, NULL);
}

bool
bench_interrupted(void)
{
	return interrupted;
}

/* Children, of which whoever became this program by exec may have had some: they are none of ours. */

enum { MAX_BEFORE = 64 };
static pid_t before[MAX_BEFORE];
static unsigned nbefore;

static FILE *
open_children(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/task/%d/children", getpid());
	return fopen(name, "re");
}

static bool
was_before(pid_t pid)
{
	for (unsigned i = 0; i < nbefore; i++)
		if (before[i] == pid)
			return true;
	return false;
}

static unsigned
kill_children(void)
{
	cleanup_file FILE *f = open_children();
	unsigned n = 0;
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		if (was_before(pid))
			continue;
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
		n++;
	}
	return n;
}

/* Nothing goes on when the next one is measured.  Whose parent is killed is our child then. */
static void
end_all(pid_t group)
{
	kill(-group, SIGKILL);
	while (kill_children())
		;
}

void
bench_signals_begin(void)
{
	cleanup_file FILE *f = open_children();

	while (f && nbefore < MAX_BEFORE && fscanf(f, "%d", &before[nbefore]) == 1)
		nbefore++;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	set_signals(on_signal);
}

void
bench_signals_end(void)
{
	set_signals(SIG_DFL);
	if (interrupted)
		raise(interrupted);
}

/* The start */

static const char *
put_in(const struct bench_lab *lab, const char *word)
{
	const struct { const char *name, *is; } names[] = {
		{ "%tollgate", lab->self }, { "%policy", lab->policy }, { "%filter", lab->filter }, { "%dir", lab->dir },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i].name))
			return names[i].is;
	return word;
}

/* The last processor that we may use: the first ones get the interrupts. */
static void
keep_on_one_core(void)
{
	cpu_set_t all, one;
	int cpu = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	while (cpu > 0 && !CPU_ISSET(cpu, &all))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* What would make a program do something else than on its own. */
static void
set_environment(const struct bench_lab *lab)
{
	unsetenv("MAKEFLAGS");
	unsetenv("MAKELEVEL");
	if (setenv("TMPDIR", lab->dir, 1) < 0 || setenv("LC_ALL", "C", 1) < 0)
		_exit(EXIT_SELF);
}

/* Words of the configuration, then of the command. */
static _Noreturn void
child(const struct bench_lab *lab, enum bench_config_id c, const char *const *command)
{
	const char *argv[64];
	size_t n = 0;

	for (const char *const *w = lab->words[c]; w && *w && n < 32; w++)
		argv[n++] = put_in(lab, *w);
	while (*command && n < 63)
		argv[n++] = *command++;
	argv[n] = NULL;
	if (bench_configs[c].one_core)
		keep_on_one_core();
	set_environment(lab);
	if (chdir(lab->dir) < 0)
		_exit(EXIT_SELF);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(EXIT_NOTFOUND);
}

static int
open_stderr(const struct bench_lab *lab, int flags)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/stderr", lab->dir);
	return open(name, flags | O_CLOEXEC, 0600);
}

static bool
put_streams(const struct bench_lab *lab, int in, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), err = open_stderr(lab, O_WRONLY | O_CREAT | O_TRUNC);

	return null >= 0 && err >= 0 && dup2(in < 0 ? null : in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2;
}

static void
close_pipe(const int fd[2])
{
	if (fd[0] >= 0)
		close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

static int
not_started(struct bench_run *run, const int in[2], const int out[2])
{
	snprintf(run->why, sizeof(run->why), "it could not be started: %s", strerror(errno));
	close_pipe(in);
	close_pipe(out);
	return -1;
}

/* From now on a signal ends it; one that came too early to do so does it now. */
static void
set_running(pid_t pid)
{
	setpgid(pid, pid);
	running = pid;
	if (interrupted)
		on_signal(interrupted);
	alarm(LONGEST);
}

int
bench_start(struct bench_lab *lab, enum bench_config_id c, const char *const *command, bool reads, struct bench_process *p,
    struct bench_run *run)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };

	memset(run, 0, sizeof(*run));
	if (pipe2(out, O_CLOEXEC) < 0 || (reads && pipe2(in, O_CLOEXEC) < 0))
		return not_started(run, in, out);
	p->start = bench_now();
	p->pid = fork();
	if (p->pid < 0)
		return not_started(run, in, out);
	if (p->pid == 0) {
		setpgid(0, 0);
		if (!put_streams(lab, in[0], out[1]))
			_exit(EXIT_SELF);
		child(lab, c, command);
	}
	set_running(p->pid);
	close(out[1]);
	if (reads)
		close(in[0]);
	p->in = in[1];
	p->out = out[0];
	return 0;
}

/* The end */

static void
take_output(struct bench_run *run, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (run->len + 1 < sizeof(run->out))
			run->out[run->len] = text[i];
		run->len++;
		run->hash = (run->hash ^ (unsigned char)text[i]) * 0x100000001b3;
	}
}

static void
read_output(struct bench_process *p, struct bench_run *run)
{
	char text[4096];
	ssize_t n;

	while ((n = read(p->out, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR && !interrupted && !timed_out))
		take_output(run, text, n < 0 ? 0 : (size_t)n);
}

/* What the kernel says of the one that was started, before it is forgotten. */
static void
ask_kernel(pid_t pid, struct bench_run *run)
{
	cleanup_file FILE *time = NULL, *status = NULL;
	char name[64], line[256];
	unsigned long n;

	snprintf(name, sizeof(name), "/proc/%d/schedstat", pid);
	time = fopen(name, "re");
	if (!time || fscanf(time, "%lf", &run->tracer_ns) != 1)
		run->tracer_ns = -1;
	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	status = fopen(name, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %lu", &n) == 1)
			run->tracer_switches += (double)n;
}

/* The last line that it wrote to its standard error, which tells most. */
static void
last_words(const struct bench_lab *lab, struct bench_run *run, const char *how)
{
	char text[4096], plain[128], *line;
	cleanup_close int fd = open_stderr(lab, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	bench_plain(plain, sizeof(plain), line ? line + 1 : text);
	snprintf(run->why, sizeof(run->why), "%s%s%s", how, *plain ? ": " : "", plain);
}

static int
judge(const struct bench_lab *lab, struct bench_run *run, int status)
{
	char how[40];

	if (!WIFSIGNALED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (timed_out)
		snprintf(how, sizeof(how), "not done in %d s", LONGEST);
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	last_words(lab, run, how);
	return -1;
}

int
bench_end(struct bench_lab *lab, struct bench_process *p, struct bench_run *run)
{
	struct rusage usage;
	siginfo_t info;
	int status = 0;

	if (p->in >= 0)
		close(p->in);
	read_output(p, run);
	close(p->out);
	while (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	run->ns = (double)(bench_now() - p->start);
	ask_kernel(p->pid, run);
	while (wait4(p->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	run->switches = (double)(usage.ru_nvcsw + usage.ru_nivcsw);
	end_all(p->pid);
	running = 0;
	alarm(0);
	status = judge(lab, run, status);
	timed_out = 0;
	return interrupted ? -1 : status;
}

int
bench_execute(struct bench_lab *lab, enum bench_config_id c, const char *const *command, struct bench_run *run)
{
	struct bench_process p;

	return bench_start(lab, c, command, false, &p, run) ? -1 : bench_end(lab, &p, run);
}
