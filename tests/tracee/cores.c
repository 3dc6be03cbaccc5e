/* SPDX-License-Identifier: ISC */
/*
 * cores seen: makes many calls, and prints in between what it and a child of
 * its are told of where they may run.  cores moved: makes many calls, and prints
 * how many cores the kernel says it may run on, by a way that nobody looks after.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
be_busy(void)
{
	for (int i = 0; i < 20000; i++)
		syscall(SYS_getppid);
}

static void
print(const char *when)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	printf("%s:", when);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			printf(" %d", i);
	puts("");
	fflush(stdout);
}

static void
see(void)
{
	cpu_set_t all, one;
	int last = 0;

	print("at first");
	be_busy();
	print("busy");
	be_busy();
	if (fork() == 0) {
		print("child");
		_exit(0);
	}
	wait(NULL);
	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all))
			last = i;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	sched_setaffinity(0, sizeof(one), &one);
	be_busy();
	print("set");
	sched_setaffinity(0, sizeof(all), &all);
	be_busy();
	print("set back");
}

static void
print_moved(void)
{
	char line[4096];
	FILE *f;

	be_busy();
	f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Cpus_allowed_list:", 18))
			puts(strpbrk(line + 19, ",-") ? "several" : "one");
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "seen"))
		see();
	else if (argc == 2 && !strcmp(argv[1], "moved"))
		print_moved();
	else
		return 2;
	return 0;
}
