/* SPDX-License-Identifier: ISC */
#ifndef TG_TASKS_H
#define TG_TASKS_H

/* What drivers of tests look up in /proc, and how long they wait for it. */

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };	/* after which something hangs, on the slowest machine */

__attribute__((unused))
static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
pause_us(long us)
{
	nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* The text behind "Key:" of /proc/PID/status; "" when there is none. */
static const char *
task_field(pid_t pid, const char *key)
{
	static char line[256];
	char path[48];
	FILE *f;
	bool found = false;
	size_t n = strlen(key);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, key, n) && line[n] == ':';
	if (f)
		fclose(f);
	if (!found)
		return "";
	line[strcspn(line, "\n")] = '\0';
	return line + n + 1 + strspn(line + n + 1, " \t");
}

/* The letter of its state; 'X' when it is gone. */
__attribute__((unused))
static char
task_state(pid_t pid)
{
	const char *s = task_field(pid, "State");

	return *s ? *s : 'X';
}

__attribute__((unused))
static pid_t
task_number(pid_t pid, const char *key)
{
	return atoi(task_field(pid, key));
}

/* Until it is in one of these states; false when it never is, or is dead. */
__attribute__((unused))
static bool
task_await(pid_t pid, const char *states)
{
	double end = now_ms() + PATIENCE_MS;

	while (now_ms() < end) {
		char c = task_state(pid);

		if (strchr(states, c))
			return true;
		if (strchr("XZ", c))
			return false;
		pause_us(50);
	}
	return false;
}

__attribute__((unused))
static void
each_process(void (*fn)(pid_t, void *), void *ctx)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			fn(atoi(e->d_name), ctx);
	if (d)
		closedir(d);
}

/* A line for the reader of a failed test. */
__attribute__((unused))
static void
task_tell(pid_t pid)
{
	printf("#   %d %s", pid, task_field(pid, "Name"));
	printf(" parent %s", task_field(pid, "PPid"));
	printf(" tracer %s", task_field(pid, "TracerPid"));
	printf(" state %s\n", task_field(pid, "State"));
}

/* Numbers that a seed gives: xorshift. */
__attribute__((unused))
static uint64_t
random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#endif
