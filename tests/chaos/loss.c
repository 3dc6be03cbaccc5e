/* SPDX-License-Identifier: ISC */
/*
 * loss [-aw] [-r ROUNDS] [-s SEED] WAY STATE TOLLGATE BOX [OPTION]...
 *
 * Runs tollgate on lost.tracee, which brings itself into STATE; has tollgate
 * die by WAY; and waits until all that came of it are gone.  As often as ROUNDS
 * says, at moments that SEED chooses: in a round of three while tollgate is
 * stopped and the program is at the stop that it asked for, in another at a
 * stop that is counted off, else at any time.  -a: tollgate attaches.  -w: what
 * was being decided may happen, and is counted.  Prints a line of TAP.
 *
 * BOX has p.policy, which forbids BOX/marker; the environment has TG_LOST, the
 * program, and TG_FAULT_LIB, what makes tollgate fail by itself: empty where
 * that cannot be.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/chaos/tasks.h"
#include "tests/tracee/shared.h"

struct way {
	const char *name;
	int fault;			/* tollgate fails by itself */
	void (*fn)(void);		/* or from outside */
	bool on_terminal;
};

struct state {
	const char *name;
	char at;			/* where the program is found when tollgate is stopped; 0: that is no use */
};

static const struct state states[] = {
	{ "user", 'R' }, { "entry", 't' }, { "blocked", 'S' }, { "mkdir", 't' }, { "unlink", 't' }, { "skipped", 't' },
	{ "stopped", 't' }, { "vfork", 't' }, { "exec", 't' }, { "newborn", 't' }, { "forks", 't' }, { "sisters", 't' },
	{ "threads", 't' }, { "crowd", 0 },
};

static struct {
	const struct way *way;
	const struct state *state;
	const char *tollgate, *box;
	char **options;
	bool attaches, window;
	int rounds;
	uint64_t seed;
} test;

static struct shared *shared;
static pid_t supervisor, program;	/* program: of an attachment */
static int terminal = -1;		/* master side */
static double died;
static char made[PATH_MAX], kept[PATH_MAX];

/* Ways to die */

static void
by_kill(void)
{
	kill(supervisor, SIGKILL);
}

/* As when memory is short: the next of its allocations fails. */
static void
by_memory(void)
{
	prlimit(supervisor, RLIMIT_AS, &(struct rlimit){ 1, RLIM_INFINITY }, NULL);
	kill(supervisor, SIGCONT);
}

static void
by_hangup(void)
{
	close(terminal);
	terminal = -1;
}

static void
kill_dog(pid_t pid, void *ctx)
{
	(void)ctx;
	if (task_number(pid, "PPid") == supervisor && !task_number(pid, "TracerPid"))
		kill(pid, SIGKILL);
}

static void
by_its_dog(void)
{
	each_process(kill_dog, NULL);
	kill(supervisor, SIGCONT);
}

static const struct way ways[] = {
	{ .name = "kill", .fault = FAULT_KILL, .fn = by_kill },
	{ .name = "segv", .fault = FAULT_SEGV },
	{ .name = "abort", .fault = FAULT_ABORT },
	{ .name = "exit", .fault = FAULT_EXIT },
	{ .name = "no-memory", .fault = FAULT_NO_MEMORY },
	{ .name = "wait-fails", .fault = FAULT_WAIT },
	{ .name = "thread", .fault = FAULT_THREAD },
	{ .name = "memory-limit", .fn = by_memory },
	{ .name = "hangup", .fn = by_hangup, .on_terminal = true },
	{ .name = "watchdog", .fn = by_its_dog },
};

/* The round */

static bool
await(atomic_int *what, int wanted)
{
	double end = now_ms() + PATIENCE_MS;

	while (atomic_load(what) != wanted && now_ms() < end)
		pause_us(50);
	return atomic_load(what) == wanted;
}

static _Noreturn void
become(char **argv, const char *preload)
{
	if (preload && *preload)
		setenv("LD_PRELOAD", preload, 1);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static void
take_terminal(int fd)
{
	setsid();
	ioctl(fd, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
}

static pid_t
start(char **argv, const char *preload, bool on_terminal)
{
	int slave = -1;
	pid_t pid;

	if (on_terminal && openpty(&terminal, &slave, NULL, NULL, NULL) < 0)
		return -1;
	if (on_terminal)
		fcntl(terminal, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		if (on_terminal)
			take_terminal(slave);
		become(argv, preload);
	}
	if (slave >= 0)
		close(slave);
	return pid;
}

static char *
text(const char *fmt, ...)
{
	static char buf[4][PATH_MAX];
	static unsigned next;
	char *s = buf[next++ % 4];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, PATH_MAX, fmt, ap);
	va_end(ap);
	return s;
}

/* Its first stop, which tollgate has asked for, is over. */
static bool
is_settled(pid_t pid)
{
	double end = now_ms() + PATIENCE_MS;

	for (int times = 0; times < 5 && now_ms() < end && !strchr("XZ", task_state(supervisor)); times++) {
		if (task_number(pid, "TracerPid") != supervisor || task_state(pid) == 't' || task_state(supervisor) != 'S')
			times = 0;
		pause_us(100);
	}
	return task_number(pid, "TracerPid") == supervisor;
}

/* tollgate, and the program, which waits before the gate. */
static bool
set_up(void)
{
	char *lost[] = { getenv("TG_LOST"), (char *)test.state->name, text("%s/shared", test.box), (char *)test.box, NULL };
	char *argv[64] = { (char *)test.tollgate, test.attaches ? "attach" : "run" };
	char pid[16];
	size_t n = 2;

	for (char **o = test.options; *o && n < 40; o++)
		argv[n++] = *o;
	argv[n++] = "-p";
	argv[n++] = text("%s/p.policy", test.box);
	argv[n++] = "-o";
	argv[n++] = text("%s/log", test.box);
	if (test.attaches) {
		program = start(lost, NULL, false);
		if (!await(&shared->ready, 1))
			return false;
		snprintf(pid, sizeof(pid), "%d", program);
		argv[n++] = pid;
	} else {
		argv[n++] = "-E";
		argv[n++] = "LD_PRELOAD";
		for (size_t i = 0; i < 4; i++)
			argv[n++] = lost[i];
	}
	supervisor = start(argv, getenv("TG_FAULT_LIB"), test.way->on_terminal);
	return supervisor > 0 && (test.attaches ? is_settled(program) : await(&shared->ready, 1));
}

static bool
has_fault(void)
{
	return test.way->fault && *getenv("TG_FAULT_LIB");
}

/* While tollgate is stopped the program runs to where it stays. */
static bool
park(void)
{
	char at[] = { test.state->at, 0 };

	if (test.state->at == 'S' && !task_await(shared->tid, at))
		return false;		/* tollgate has to see it in */
	kill(supervisor, SIGSTOP);
	if (!task_await(supervisor, "T"))
		return false;
	atomic_store(&shared->gate, 1);
	return task_await(shared->tid, at);
}

static void
fail_by_itself(int countdown)
{
	double next = 0;

	atomic_store(&shared->countdown, countdown);
	atomic_store(&shared->fault, test.way->fault);
	atomic_store(&shared->gate, 1);
	kill(supervisor, SIGCONT);
	next = now_ms() + 20;
	while (waitid(P_PID, (id_t)supervisor, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    !strchr("XZ", task_state(supervisor)) && now_ms() < next + PATIENCE_MS) {
		if (now_ms() > next) {		/* nothing stops any more */
			atomic_store(&shared->countdown, 0);
			kill(supervisor, SIGALRM);
		}
		pause_us(50);
	}
}

static bool
strike(int round)
{
	int kind = round % 3;

	if (kind == 0 && test.state->at && !park())
		return false;
	if (kind == 1) {
		atomic_store(&shared->gate, 1);
		pause_us((long)(random_next(&test.seed) % 5000));
	}
	if (has_fault() && (kind == 2 || !test.way->fn))
		fail_by_itself(kind == 2 ? 1 + (int)(random_next(&test.seed) % 16) : 0);
	else
		test.way->fn();
	atomic_store(&shared->gate, 1);
	return true;
}

static void
tell_child(pid_t pid, void *ctx)
{
	(void)ctx;
	if (task_number(pid, "PPid") == getpid())
		task_tell(pid);
}

static void
end_child(pid_t pid, void *ctx)
{
	(void)ctx;
	if (task_number(pid, "PPid") == getpid())
		kill(pid, SIGKILL);
}

/* All come to us when their parents are gone; how long that took after tollgate's end, or -1 when some never did. */
static double
last_words(void)
{
	double end = now_ms() + PATIENCE_MS, last = 0;

	died = 0;
	for (;;) {
		pid_t got = waitpid(-1, NULL, WNOHANG);

		if (got > 0)
			last = now_ms();
		if (got > 0 && got == supervisor)
			died = last;
		if (got < 0 && errno == ECHILD)
			return died ? last - died : 0;
		if (got == 0 && now_ms() > end)
			return -1;
		if (got == 0)
			pause_us(100);
	}
}

static void
clean_up(void)
{
	for (double end = now_ms() + PATIENCE_MS; now_ms() < end; pause_us(1000)) {
		each_process(end_child, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return;
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool
begin_round(void)
{
	int fd;

	memset(shared, 0, sizeof(*shared));
	rmdir(made);
	fd = open(kept, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return set_up();
}

struct count {
	int rounds, survived, happened, astray;
	double *ms;
};

static void
tell_astray(bool begun)
{
	printf("# the program did not get to its state: %s\n", begun ? "" : "tollgate or it did not start well");
	task_tell(supervisor);
	task_tell(shared->tid);
	kill(supervisor, SIGKILL);
}

static void
one_round(struct count *c)
{
	bool begun = begin_round(), there = begun && strike(c->rounds);
	double ms;

	if (!there)
		tell_astray(begun);
	ms = last_words();
	c->ms[c->rounds++] = ms;
	c->astray += !there;
	c->happened += access(made, F_OK) == 0 || access(kept, F_OK) != 0;
	if (ms < 0) {
		c->survived++;
		each_process(tell_child, NULL);
		clean_up();
	}
	if (terminal >= 0)
		by_hangup();
}

static int
run(void)
{
	struct count c = { .ms = calloc((size_t)test.rounds, sizeof(double)) };
	bool good;

	while (c.rounds < test.rounds && !c.survived)
		one_round(&c);
	qsort(c.ms, (size_t)c.rounds, sizeof(*c.ms), compare);
	good = !c.survived && c.astray * 2 <= c.rounds && (test.window || !c.happened);
	printf("%s - %s%s, %s: rounds %d, survivors %d, not there %d, forbidden things that happened %d, "
	    "last one gone after %.1f ms, at most %.1f\n", good ? "ok" : "not ok", test.attaches ? "attached " : "",
	    test.way->name, test.state->name, c.rounds, c.survived, c.astray, c.happened,
	    c.ms[c.rounds / 2], c.ms[c.rounds - 1]);
	free(c.ms);
	return good ? 0 : 1;
}

static bool
find(const char *way, const char *state)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(way, ways[i].name))
			test.way = &ways[i];
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!strcmp(state, states[i].name))
			test.state = &states[i];
	return test.way && test.state;
}

static bool
share(void)
{
	char *name = text("%s/shared", test.box);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(*shared)) < 0)
		return false;
	p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	shared = p;
	setenv("TG_FAULT", name, 1);
	return p != MAP_FAILED;
}

static bool
parse(int argc, char **argv)
{
	int o;

	test.rounds = 3;
	test.seed = 1;
	while ((o = getopt(argc, argv, "+awr:s:")) > 0) {
		if (o == 'a')
			test.attaches = true;
		else if (o == 'w')
			test.window = true;
		else if (o == 'r')
			test.rounds = atoi(optarg);
		else if (o == 's')
			test.seed = strtoull(optarg, NULL, 10) * 2 + 1;
		else
			return false;
	}
	if (argc - optind < 4 || test.rounds < 1 || !find(argv[optind], argv[optind + 1]))
		return false;
	test.tollgate = argv[optind + 2];
	test.box = argv[optind + 3];
	test.options = argv + optind + 4;
	return getenv("TG_LOST") && getenv("TG_FAULT_LIB");
}

int
main(int argc, char **argv)
{
	if (!parse(argc, argv) || !share()) {
		fputs("Usage: loss [-aw] [-r ROUNDS] [-s SEED] WAY STATE TOLLGATE BOX [OPTION]...\n", stderr);
		return 2;
	}
	snprintf(made, sizeof(made), "%s/marker/made", test.box);
	snprintf(kept, sizeof(kept), "%s/marker/kept", test.box);
	mkdir(text("%s/marker", test.box), 0700);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run();
}
