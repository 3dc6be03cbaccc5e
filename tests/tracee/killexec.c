/* SPDX-License-Identifier: ISC */
/*
 * killexec N: N processes, one after the other, of which a thread executes a
 * program while the process is being killed.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *
execute(void *arg)
{
	execl("/proc/self/exe", "killexec", "end", NULL);
	return arg;
}

static void
be_killed(void)
{
	pthread_t t;

	pthread_create(&t, NULL, execute, NULL);
	for (;;)
		pause();
}

int
main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "end"))
		return 0;
	for (int i = 0, n = atoi(argv[1]); i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			be_killed();
		nanosleep(&(struct timespec){ 0, i % 100 * 20000L }, NULL);
		kill(pid, SIGKILL);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 7;
}
