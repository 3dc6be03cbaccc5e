/* SPDX-License-Identifier: ISC */
/*
 * fuzzer run SEED SECONDS: makes calls of all kinds, with arguments of all kinds, at
 * what is outside of its box, from many processes one after the other, while
 * threads rewrite, rename and replace what the calls are about.
 * fuzzer replay SEED INDEX CALLS: what one of those processes does, without its
 * threads, and each call told before and after it is made.
 * fuzzer again SEED: what an execve in it leads to; with other words it ends.
 *
 * Only driver.c runs it: the box, and what keeps the machine from harm, are its.
 */
#include "attempt.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

enum { CALLS_EACH = 700, CALLS_CHILD = 40, CALLS_AGAIN = 60, DEEPEST = 2, WORKERS = 2, PATIENCE_S = 5, FLIPS = 20000000, EXCHANGES = 20000 };

/* The copy that lies outside of the box says so: driver.c changes the word. */
static volatile char lies[] = "LIES:inside ";

static unsigned long long base_seed;

/* Descriptors of all kinds, 3 and up. */

static void
open_sockets(void)
{
	static const struct { int domain, type; } some[] = {
		{ AF_UNIX, SOCK_STREAM }, { AF_UNIX, SOCK_DGRAM }, { AF_UNIX, SOCK_SEQPACKET }, { AF_INET, SOCK_STREAM }, { AF_INET, SOCK_DGRAM },
		{ AF_INET6, SOCK_STREAM }, { AF_INET6, SOCK_DGRAM }, { AF_NETLINK, SOCK_RAW }, { AF_UNIX, SOCK_DGRAM }, { AF_INET, SOCK_DGRAM },
	};
	int pair[2];

	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		socket(some[i].domain, some[i].type | SOCK_NONBLOCK, 0);
	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
}

static void
open_others(void)
{
	sigset_t set;
	int pair[2];

	sigemptyset(&set);
	if (pipe2(pair, O_NONBLOCK) < 0)
		return;
	eventfd(0, EFD_NONBLOCK);
	syscall(SYS_memfd_create, "own", 0);
	epoll_create1(0);
	timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	signalfd(-1, &set, SFD_NONBLOCK);
	inotify_init1(IN_NONBLOCK);
	syscall(SYS_pidfd_open, own_pid, 0);
}

static void
open_all(void)
{
	open("file", O_RDWR);
	open("file", O_RDONLY);
	open("g", O_PATH);
	open(".", O_RDONLY | O_DIRECTORY);
	open("dir", O_PATH | O_DIRECTORY);
	open("swap", O_PATH | O_DIRECTORY);
	open("e", O_PATH | O_NOFOLLOW);
	open("/", O_PATH | O_DIRECTORY);
	open("/proc/self", O_RDONLY | O_DIRECTORY);
	open("/dev/null", O_RDWR);
	open_others();
	open_sockets();
}

/* Threads */

static void
spin(void)
{
	for (volatile unsigned i = any(400); i; i--)
		;
}

static void *
rewrites(void *seed)
{
	static __thread struct chance own;
	static __thread sigjmp_buf here;

	own.seed = chance_seed((uintptr_t)seed, 1);
	chance = &own;
	if (sigsetjmp(here, 0))
		flips[0].at = flips[1].at = NULL;
	fault_exit = &here;
	for (unsigned i = 0; i < FLIPS; i++) {	/* it makes no calls, so nobody would see that it goes on alone */
		flip_one(&flips[0], i & 1);
		flip_one(&flips[1], i >> 1 & 1);
		spin();
	}
	return NULL;
}

static void
exchange(const char *a, const char *b)
{
	syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

static void *
exchanges(void *seed)
{
	static const char *const places[] = { ".", "dir", "swap", "ed", "..", "/", "../outside" };
	static __thread struct chance own;

	own.seed = chance_seed((uintptr_t)seed, 2);
	chance = &own;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		switch (any(8)) {
		case 0: case 1: exchange("swap", "paws"); break;
		case 2: exchange("last", "tsal"); break;
		case 3: dup2(3 + (int)any(FDS - 3), 3 + (int)any(FDS - 3)); break;
		case 4: if (chdir(PICK(places)) == 0) break; /* fall through */
		case 5: if (chdir(tally->box) == 0 && chdir("allowed") == 0) break; /* fall through */
		case 6: close(open(".", O_RDONLY)); break;
		case 7: rename("dir", any(2) ? "moved" : "dir/into"); rename("moved", "dir"); break;
		}
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	}
	return NULL;
}

static void *
calls_too(void *seed)
{
	static __thread struct chance own;

	own.seed = chance_seed((uintptr_t)seed, 3);
	chance = &own;
	attempt_many(CALLS_EACH);
	return NULL;
}

static void
start_threads(uint64_t seed)
{
	static void *(*const bodies[])(void *) = { rewrites, exchanges, calls_too };
	pthread_t t;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (any(4))
			pthread_create(&t, NULL, bodies[i], (void *)(uintptr_t)seed);
}

/* Processes */

static void
begin(uint64_t seed)
{
	main_chance.seed = seed;
	chance = &main_chance;
	own_pid = getpid();
	if (chdir(box) < 0 || chdir("allowed") < 0)
		_exit(4);
	handle_signals();
	arena_file = open("short", O_RDONLY);
	arena_make();
	if (arena_file > 2)
		close(arena_file);
	arena_file = -1;
	start_alarm();
}

/* Of one that a call made; its memory may be its parent's. */
static void
child_life(void)
{
	static __thread struct chance own;

	own.seed = chance->seed ^ 0x5bd1e995;
	count(&tally->children);
	if (depth >= DEEPEST)
		_exit(0);
	depth++;
	chance = &own;
	fault_exit = NULL;
	for (unsigned i = 0; i < CALLS_CHILD; i++)
		attempt_one();
	_exit(0);
}

static void
work(uint64_t seed, bool alone, unsigned n)
{
	begin(seed);
	open_all();
	if (!alone)
		start_threads(seed);
	attempt_many(n);
	_exit(0);
}

static pid_t
start_worker(uint64_t index)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		work(chance_seed(base_seed, index), false, CALLS_EACH);
	}
	if (pid > 0)
		count(&tally->workers);
	return pid;
}

/* All numbers that came after the last time are children's, or nobody's: this has a name space of its own. */
static void
sweep(pid_t newest)
{
	static pid_t swept;
	pid_t self = getpid();

	if (swept < self || newest < swept)
		swept = self;
	for (int twice = 0; twice < 2; twice++)
		for (pid_t p = swept + 1; p <= newest + 40; p++)
			kill(p, SIGKILL);
	swept = newest;
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
}

static bool
reap_one(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, __WALL);

	if (pid > 0 && WIFSIGNALED(status))
		count(&tally->died);
	return pid > 0;
}

/* So many at a time, none for longer than it may take. */
static void
round_of_workers(uint64_t *index)
{
	struct itimerval end = { { 0, 100000 }, { PATIENCE_S, 0 } }, none = { { 0, 0 }, { 0, 0 } };
	pid_t newest = 0;
	int n = 0;

	for (int i = 0; i < WORKERS; i++) {
		pid_t pid = start_worker((*index)++);

		newest = pid > 0 ? pid : newest;
		n += pid > 0;
	}
	if (!n)
		nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	setitimer(ITIMER_REAL, &end, NULL);
	while (n && reap_one())
		n--;
	if (n)
		count(&tally->stuck);
	setitimer(ITIMER_REAL, &none, NULL);
	newest = fork();	/* the newest number there is */
	if (newest == 0)
		_exit(0);
	if (newest > 0)
		sweep(newest);
}

static void
limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(what, &r);
}

/* What is written to 0, 1 and 2 is nobody's. */
static void
open_nothing(void)
{
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static int
supervise(unsigned seconds)
{
	struct sigaction a = { .sa_handler = on_signal };
	time_t end = time(NULL) + (time_t)seconds;
	uint64_t index = 0;

	for (int sig = 1; sig < 65; sig++)
		if (sig != SIGCHLD)
			signal(sig, SIG_IGN);
	sigaction(SIGALRM, &a, NULL);
	open_nothing();
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_AS, 1 << 30);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_MEMLOCK, 1 << 16);
	while (time(NULL) < end)
		round_of_workers(&index);
	return 7;
}

static bool
map_tally(void)
{
	void *p = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED, TALLY_FD, 0);

	tally = p == MAP_FAILED ? &own_tally : p;
	box = tally->box;
	secret_salt = tally->salt;
	good_port = tally->good_port;
	bad_port = tally->bad_port;
	main_pid = (int)tally->main_pid;
	return p != MAP_FAILED && *box;
}

static void
note_execution(int argc, char **argv)
{
	if (lies[5] == 'o' || (argc > 1 && !strcmp(argv[1], "outside-script")))
		count(&tally->ran);
	if (argc == 3 && !strcmp(argv[1], "again"))
		count(&tally->execs);
}

static bool
is_word(int argc, char **argv, int n, const char *word)
{
	return argc == n && !strcmp(argv[1], word);
}

int
main(int argc, char **argv)
{
	if (!map_tally() && (is_word(argc, argv, 4, "run") || is_word(argc, argv, 5, "replay"))) {
		fprintf(stderr, "fuzzer: the driver runs it\n");
		return 2;
	}
	window_find();
	if (is_word(argc, argv, 4, "run") && !tally->main_pid) {
		tally->main_pid = (uint32_t)getpid();
		main_pid = getpid();
		base_seed = strtoull(argv[2], NULL, 10);
		return supervise((unsigned)atoi(argv[3]));
	}
	note_execution(argc, argv);
	if (!*box)
		return 0;
	if (is_word(argc, argv, 5, "replay")) {
		verbose = true;
		work(chance_seed(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10)), true, (unsigned)atoi(argv[4]));
	}
	if (is_word(argc, argv, 3, "again"))
		work(chance_seed(strtoull(argv[2], NULL, 10), 0), true, CALLS_AGAIN);
	return 0;
}
