/* SPDX-License-Identifier: ISC */
/*
 * Processes that are killed while they make others.  Half of them are of a
 * program that must not open the file, half of one that may: whose children
 * reach it?  The arguments are the file, the first program and the second;
 * all are this one.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 60, CHILDREN = 4 };

/* In a file that all map. */
struct shared {
	int ready;		/* breeders that are about to begin */
	int tried[2], reached[2];
};

static struct shared *
map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(struct shared)) < 0)
		return NULL;
	p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static struct shared *shared;
static const char *secret;
static int who;

static int
newcomer(void *arg)
{
	__atomic_add_fetch(&shared->reached[who], open(secret, O_RDONLY) >= 0, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->tried[who], 1, __ATOMIC_SEQ_CST);
	_exit(arg != NULL);
}

static int
breed(void)
{
	static char stack[CHILDREN][16384] __attribute__((aligned(16)));

	__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < CHILDREN; i++)
		if (clone(newcomer, stack[i] + sizeof(stack[i]), i % 2 ? CLONE_PARENT | SIGCHLD : SIGCHLD, NULL) < 0)
			break;
	pause();
	return 0;
}

static void
one_round(int i, char *program, char *state)
{
	char *args[] = { program, (char *)secret, state, i % 2 ? "1" : "0", NULL };
	int before = shared->ready;
	pid_t pid = fork();

	if (pid == 0) {
		execv(program, args);
		_exit(1);
	}
	while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) == before)
		usleep(100);
	usleep(50 * (useconds_t)(i % 32));
	kill(pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int
main(int argc, char **argv)
{
	secret = argv[1];
	shared = argc == 4 ? map(argv[2]) : argc == 5 ? map(argv[4]) : NULL;
	if (!shared)
		return 2;
	if (argc == 4) {
		who = atoi(argv[3]);
		return breed();
	}
	for (int i = 0; i < ROUNDS; i++)
		one_round(i, argv[2 + i % 2], argv[4]);
	while (wait(NULL) > 0)
		;
	usleep(100000);		/* those that are nobody's children */
	printf("forbidden %s%d allowed %s\n", shared->tried[0] ? "" : "untried ", shared->reached[0],
	    shared->reached[1] ? "reached" : "never");
	return 0;
}
