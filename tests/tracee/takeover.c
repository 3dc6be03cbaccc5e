/* SPDX-License-Identifier: ISC */
/*
 * takeover TIMES PROGRAM ARGUMENT: a thread executes the program while its leader
 * stops for signals all the time and others keep tollgate busy, so that what the
 * leader stopped for is served when its number is the thread's.  Fails when the
 * program does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELPERS = 20, LONG = 13 };
static volatile struct { int go, over; } *shared;
static char **command;

static void
nothing(int sig)
{
	(void)sig;
}

static void *
execute(void *arg)
{
	execv(command[0], command);
	_exit(9);
	return arg;
}

static void
lead(void)
{
	pthread_t thread;

	signal(SIGUSR1, nothing);
	while (!shared->go)
		usleep(1000);
	if (pthread_create(&thread, NULL, execute, NULL))
		_exit(8);
	for (;;)
		raise(SIGUSR1);
}

static void
help(void)
{
	char path[4096] = "";

	for (int i = 0; i < LONG; i++)
		strcat(path, "/proc/self/root");
	strcat(path, "/nothing/there");
	while (!shared->over)
		open(path, O_RDONLY);
	_exit(0);
}

static pid_t
start(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		fn();
	return pid;
}

static int
once(void)
{
	pid_t helper[HELPERS], leader;
	int status;

	shared->go = shared->over = 0;
	leader = start(lead);
	for (int i = 0; i < HELPERS; i++)
		helper[i] = start(help);
	usleep(20000);
	shared->go = 1;
	waitpid(leader, &status, 0);
	shared->over = 1;
	for (int i = 0; i < HELPERS; i++)
		waitpid(helper[i], NULL, 0);
	return status;
}

int
main(int argc, char **argv)
{
	int failed = 0, status;

	if (argc < 4)
		return 15;
	command = argv + 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < atoi(argv[1]); i++)
		if ((status = once())) {
			printf("%#x\n", (unsigned)status);
			failed++;
		}
	return failed != 0;
}
