/* SPDX-License-Identifier: ISC */
/*
 * driver [-c] [-s SEED] [-t SECONDS] [-w INDEX] BOX FUZZER [COMMAND...]
 *
 * Runs "COMMAND... FUZZER run SEED SECONDS", over and over, and looks after each and
 * meanwhile whether anything outside of what is allowed in BOX was reached.
 * COMMAND is tollgate with a policy that says so; without one nothing holds the
 * program, and what it reaches is counted all the same: the control (-c).  -w
 * has one of its processes do again what it did, without its threads, and tell it.
 *
 * The program cannot harm the machine: name spaces of its own for processes,
 * mounts, network and IPC, BOX is a small tmpfs, and its user has no privileges.
 * Prints a table, and lines "NAME NUMBER": what there should be none of.  That
 * nothing moves for HANGS_AFTER seconds, of the environment, is a hang.
 */
#include "tests/boundary/boundary.h"
#include "tests/boundary/canary.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN_S = 15, HANGS_S = 180, GONE_S = 60, SOMEBODY = 54321, NO_NAMESPACES = 77, COMMAND = 48, GRACE = 200 };

static struct canaries canaries;
static struct tally *tally;
static char program[PATH_MAX];

/* The most that its counters said: they are in memory that the program can write. */
static struct { uint32_t turns, leaks, ran; } most;

/* What the first process of a run saw. */
static struct run {
	int status;
	unsigned left, traced;	/* tollgate itself is */
} *run;

static struct {
	bool control;
	uint64_t seed;
	long seconds, index;
	char **command;
} test = { .seconds = 60, .index = -1 };

static struct {
	unsigned runs, crashed, failed, hung, left, killed;
} ends;

static long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec;
}

static void
give_up(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	exit(NO_NAMESPACES);
}

/* The world around it */

static void
write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		give_up(path);
	close(fd);
}

/* Who is not root becomes nobody else; there he may make the other spaces. */
static void
own_users(void)
{
	char map[64];
	uid_t uid = getuid();

	if (unshare(CLONE_NEWUSER) < 0)
		give_up("a name space of users");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", getgid(), getgid());
	write_to("/proc/self/gid_map", map);
}

static void
loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		give_up("lo");
	close(fd);
}

static void
own_world(void)
{
	if (geteuid())
		own_users();
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		give_up("name spaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("box", canaries.box, "tmpfs", 0, "size=64m,nr_inodes=8192,mode=0755") < 0)
		give_up("mount");
	loopback_up();
}

static void
make_tally(void)
{
	int fd = memfd_create("tally", MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(*tally)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0 || dup2(fd, TALLY_FD) < 0)
		give_up("memfd");
	close(fd);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED, TALLY_FD, 0);
	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || run == MAP_FAILED)
		give_up("mmap");
}

/* The program wrote there, too. */
static void
tally_prepare(void)
{
	snprintf(tally->box, sizeof(tally->box), "%s", canaries.box);
	tally->good_port = GOOD_PORT;
	tally->salt = salt_of(canaries.seed);
	tally->bad_port = BAD_PORT;
	tally->main_pid = 0;
}

static void
make_program(void)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/bin", canaries.box);
	if (mkdir(dir, 0755) < 0)
		give_up(dir);
	snprintf(program, sizeof(program), "%.4000s/bin/fuzzer", canaries.box);
	if (link(canaries.fuzzer, program) == 0 || errno != EXDEV)
		give_up(program);
	snprintf(dir, sizeof(dir), "cp '%s' '%.3000s'", canaries.fuzzer, program);
	if (system(dir))
		give_up(dir);
}

/* One run */

static void
limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(what, &r);
}

static void
become_somebody(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) < 0 || setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0))
		_exit(99);
}

/* What whoever started us has open is no toy. */
static void
close_others(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fd != TALLY_FD && fd != TALLY_FD + 1)
			close(fd);
}

static void
execute(unsigned seconds)
{
	char seed[24], second[24], number[24], *argv[COMMAND + 6];
	int n = 0;

	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)test.seed + ends.runs);
	snprintf(second, sizeof(second), "%u", seconds);
	snprintf(number, sizeof(number), "%ld", test.index);
	while (n < COMMAND && test.command[n]) {
		argv[n] = test.command[n];
		n++;
	}
	argv[n++] = program;
	argv[n++] = (char *)(test.index >= 0 ? "replay" : "run");
	argv[n++] = seed;
	argv[n++] = test.index >= 0 ? number : second;
	if (test.index >= 0)
		argv[n++] = (char *)"700";
	argv[n] = NULL;
	close_others();
	become_somebody();
	limit(RLIMIT_NPROC, 400);
	limit(RLIMIT_CORE, 0);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(98);
}

static unsigned
count_left(void)
{
	long end = now() + GONE_S;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0 && now() < end)
		if (pid == 0)
			nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	if (pid < 0)
		return 0;
	return system("ps -e -o pid,stat,wchan,args | head -n 20 | sed 's/^/# left: /'") >= 0;
}

/*
 * Whom the program left when it was ended by one of its own: tollgate waits for
 * them, as it should.  Traced is the program, and nothing of tollgate's.
 */
static const char end_all[] =
    "traced=0; for s in /proc/[0-9]*/status; do"
    " grep -q '^TracerPid:[[:space:]]*[1-9]' \"$s\" || continue;"
    " pid=${s%/status};"
    " if grep -q '^Name:[[:space:]]*tollgate' \"$s\"; then traced=3; echo \"# tollgate is traced: $(tr '\\n\\t' '  ' < \"$s\")\"; continue; fi;"
    " kill -KILL \"${pid#/proc/}\";"
    " done 2>/dev/null; exit $traced";

static void
end_traced(void)
{
	int status = system(end_all);

	run->traced |= WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

/* It may stop itself, too. */
static bool
is_main_gone(void)
{
	pid_t pid = (pid_t)tally->main_pid;

	return pid > 1 && kill(pid, SIGCONT) < 0 && errno == ESRCH;
}

/* The first process of the name space: it ends, and all of it ends. */
static void
be_first(unsigned seconds)
{
	int status, gone = 0;
	pid_t pid, tollgate;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		give_up("/proc");
	if ((tollgate = fork()) == 0)
		execute(seconds);
	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) != tollgate) {
		if (pid == 0) {
			nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
			gone = is_main_gone() ? gone + 1 : 0;
			if (gone > GRACE)
				end_traced();
		}
		if (pid < 0)
			break;
	}
	run->status = status;
	run->left = test.control ? 0 : count_left();
	_exit(0);
}

static pid_t
start_run(unsigned seconds)
{
	pid_t keeper = fork(), first;

	if (keeper)
		return keeper;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		give_up("a name space of processes");
	first = fork();
	if (first == 0)
		be_first(seconds);
	waitpid(first, NULL, 0);
	_exit(0);
}

static pid_t
start_swaps(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become_somebody();
		canary_swap(&canaries);
	}
	return pid;
}

/* What is known of who does not go on: all whose numbers are of a name space below ours, of the keeper's. */
static const char tell_all[] =
    "for p in /proc/[0-9]*/task/[0-9]*; do"
    " [ \"$(readlink \"$p/ns/pid\")\" = \"$NS\" ] || continue;"
    " echo \"$(sed -n 's/^\\(Name\\|State\\|NSpid\\|PPid\\|TracerPid\\|SigPnd\\|ShdPnd\\|SigBlk\\|SigIgn\\):[[:space:]]*/\\1 /p' \"$p/status\" | tr '\\n' ' ')"
    " $(cat \"$p/wchan\") $(cut -d' ' -f1-4 \"$p/syscall\")\";"
    " done 2>/dev/null | sed 's/^/# /'; "
    "command -v gdb > /dev/null && for p in $(pgrep -x tollgate); do"
    " [ \"$(readlink \"/proc/$p/ns/pid\")\" = \"$NS\" ] && gdb -p \"$p\" -batch -ex 'thread apply all bt' 2>/dev/null | grep '^#'; done";

static void
tell_hang(pid_t keeper)
{
	char path[64], ns[64];
	ssize_t n;

	ends.hung++;
	printf("# nothing moves: %u calls\n", tally->turns);
	fflush(stdout);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid_for_children", keeper);
	n = readlink(path, ns, sizeof(ns) - 1);
	ns[n > 0 ? n : 0] = '\0';
	setenv("NS", ns, 1);
	if (system(tell_all))
		printf("# no gdb\n");
}

static void
note_most(void)
{
	most.turns = tally->turns > most.turns ? tally->turns : most.turns;
	most.leaks = tally->leaks > most.leaks ? tally->leaks : most.leaks;
	most.ran = tally->ran > most.ran ? tally->ran : most.ran;
}

static long
hangs_after(void)
{
	const char *s = getenv("HANGS_AFTER");

	return s ? atol(s) : HANGS_S;
}

static void
watch(pid_t keeper)
{
	uint32_t turns = tally->turns;
	long moved = now();

	while (waitpid(keeper, NULL, WNOHANG) == 0) {
		nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
		canary_look(&canaries);
		note_most();
		if (turns != tally->turns) {
			turns = tally->turns;
			moved = now();
		}
		if (now() - moved > hangs_after()) {
			tell_hang(keeper);
			kill(keeper, SIGKILL);
			waitpid(keeper, NULL, 0);
			return;
		}
	}
}

static void
judge(void)
{
	int s = run->status;
	int code = WIFEXITED(s) ? WEXITSTATUS(s) : -1;

	ends.left += run->left;
	ends.failed += run->traced;
	if (test.control || test.index >= 0)
		return;
	if (s == -1)
		return;		/* it hung, and is counted */
	if (WIFSIGNALED(s)) {
		printf("# tollgate died of signal %d\n", WTERMSIG(s));
		ends.crashed++;
	} else if (code > 128 && code <= 128 + 64) {
		ends.killed++;
	} else if (code != 7) {
		printf("# tollgate exited with %d\n", code);
		ends.failed++;
	}
}

static void
one_run(unsigned seconds)
{
	pid_t swaps;

	if (canary_make_own(&canaries) < 0)
		perror("# allowed");
	run->status = -1;
	run->left = run->traced = 0;
	tally_prepare();
	fflush(stdout);
	swaps = start_swaps();
	watch(start_run(seconds));
	canary_look(&canaries);
	note_most();
	kill(swaps, SIGKILL);
	waitpid(swaps, NULL, 0);
	judge();
	ends.runs++;
}

/* What came of it */

static void
print_table(void)
{
	static const char *const names[] = { "native", "int80", "x32" };

	for (int i = 0; i < ABIS; i++) {
		const struct abi_tally *a = &tally->abi[i];
		unsigned numbers = 0;

		for (int k = 0; k < TALLY_NRS / 32; k++)
			numbers += (unsigned)__builtin_popcount(a->seen[k]);
		if (a->calls)
			printf("# %-6s %9u calls, %4u numbers and %u wild: %u allowed, %u refused by the policy, %u failed otherwise\n", names[i], a->calls, numbers,
			    a->wild, a->allowed, a->refused, a->calls - a->allowed - a->refused);
	}
	printf("# %u runs, %u of which were ended by the program; processes: %u, of which %u died, and %u rounds had to be ended; %u children, %u execs, %u repairs\n",
	    ends.runs, ends.killed, tally->workers, tally->died, tally->stuck, tally->children, tally->execs, tally->repaired);
	for (uint32_t i = 0; i < TALLY_LEAKS && i < tally->leaks; i++)
		printf("# leaked: %.*s\n", LEAK_TEXT, tally->leak[i]);
}

static int
print_results(void)
{
	printf("calls %u\nleaked %u\nchanged %u\nreached %u\nran %u\ncrashed %u\nfailed %u\nhung %u\nleft %u\n", most.turns, most.leaks, canaries.changed,
	    canaries.reached, most.ran, ends.crashed, ends.failed, ends.hung, ends.left);
	return most.leaks || canaries.changed || canaries.reached || most.ran || ends.crashed || ends.failed || ends.hung || ends.left;
}

static int
parse(int argc, char **argv)
{
	int o;

	test.seed = (uint64_t)getpid();
	while ((o = getopt(argc, argv, "+cs:t:w:")) != -1)
		switch (o) {
		case 'c': test.control = true; break;
		case 's': test.seed = strtoull(optarg, NULL, 10); break;
		case 't': test.seconds = atol(optarg); break;
		case 'w': test.index = atol(optarg); break;
		default: return -1;
		}
	if (argc - optind < 2)
		return -1;
	canaries.box = argv[optind];
	canaries.fuzzer = argv[optind + 1];
	test.command = argv + optind + 2;
	return 0;
}

int
main(int argc, char **argv)
{
	long end;

	if (parse(argc, argv) < 0) {
		fprintf(stderr, "usage: driver [-c] [-s SEED] [-t SECONDS] [-w INDEX] BOX FUZZER [COMMAND...]\n");
		return 2;
	}
	canaries.uid = geteuid() ? geteuid() : SOMEBODY;
	canaries.seed = chance_seed(test.seed, (uint64_t)getpid());
	own_world();
	make_tally();
	make_program();
	if (canary_make(&canaries) < 0)
		give_up("the canaries");
	if (test.index >= 0)
		dup2(2, TALLY_FD + 1);
	end = now() + test.seconds;
	do
		one_run(now() + RUN_S < end ? RUN_S : end > now() ? (unsigned)(end - now()) : 1);
	while (now() < end && test.index < 0);
	print_table();
	return print_results();
}
