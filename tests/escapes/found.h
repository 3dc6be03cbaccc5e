/* SPDX-License-Identifier: ISC */
#ifndef TG_FOUND_H
#define TG_FOUND_H

/* For attempts that several tasks make: what they found out. */

#include "escape.h"

/* What was found out, by whom ever. */
static struct found {
	volatile int tried, reached, err, begun;
	volatile pid_t pid;
} *found;

static void
begin(void)
{
	share();
	found = (struct found *)common->room;
}

static int
forbidden_file(void)
{
	return canary(open("../forbidden/secret", O_RDONLY));
}

static void
try_it(void)
{
	int r = forbidden_file();

	found->err = errno;
	if (r == REACHED)
		__atomic_add_fetch(&found->reached, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&found->tried, 1, __ATOMIC_SEQ_CST);
}

/* n of them have tried, or never will. */
__attribute__((unused))
static int
all_of(int n)
{
	for (int i = 0; i < 6000 && found->tried < n; i++)
		usleep(10000);
	errno = found->tried < n ? ETIMEDOUT : found->err;
	return found->reached ? REACHED : REFUSED;
}

#endif
