/* SPDX-License-Identifier: ISC */
/*
 * futile PROGRAM...: threads execute what cannot be executed, all the time, the
 * first one too, while others open files, stop for signals and make children.
 * Then all of them have to have come to something, and it executes the program.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EACH = 3, TURNS = 40, ENOUGH = 20 };
static atomic_bool over;
static atomic_uint executed, opened, forked;

static void
nothing(int sig)
{
	(void)sig;
}

/* A directory, and a name that is not there. */
static void
fail(void)
{
	char *argv[] = { "x", NULL };

	execv("/", argv);
	execv("/nothing", argv);
}

static void *
executes(void *arg)
{
	for (; !over; executed++)
		fail();
	return arg;
}

static void *
opens(void *arg)
{
	for (; !over; opened++) {
		close(open("/", O_RDONLY));
		raise(SIGUSR1);
	}
	return arg;
}

static void *
forks(void *arg)
{
	for (; !over; forked++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return arg;
}

static bool
is_enough(void)
{
	return executed > ENOUGH && opened > ENOUGH && forked > ENOUGH / 4;
}

int
main(int argc, char **argv)
{
	static void *(*const what[])(void *) = { executes, opens, forks };
	pthread_t thread[3 * EACH];
	int turns = 0;

	if (argc < 2)
		return 15;
	signal(SIGUSR1, nothing);
	for (int i = 0; i < 3 * EACH; i++)
		if (pthread_create(&thread[i], NULL, what[i % 3], NULL))
			return 16;
	while (turns++ < TURNS || (!is_enough() && turns < 100 * TURNS)) {
		usleep(10000);
		fail();
	}
	over = true;
	for (int i = 0; i < 3 * EACH; i++)
		pthread_join(thread[i], NULL);
	if (!is_enough()) {
		printf("executed %u, opened %u, forked %u\n", executed, opened, forked);
		return 1;
	}
	execv(argv[1], argv + 1);
	return 9;
}
