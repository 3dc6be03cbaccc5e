/* SPDX-License-Identifier: ISC */
#ifndef TG_CANARY_H
#define TG_CANARY_H

/* What must not be reached, and what may: files in a box, and sockets. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { GOOD_PORT = 4243, BAD_PORT = 4242 };

struct canaries {
	const char *box, *fuzzer;	/* the program that there are copies of */
	uid_t uid;			/* whose all of it is */
	uint64_t seed;			/* of the secrets */
	unsigned changed, reached;	/* what happened to them */
};

/* A folder outside/ in the box, and sockets that wait there and elsewhere.  -1: it cannot be had. */
int canary_make(struct canaries *c);
/* A new folder allowed/: what the program begins with. */
int canary_make_own(const struct canaries *c);
/* Counts who came to the sockets, and what has changed outside; then all of it is as it was. */
void canary_look(struct canaries *c);
/* Links in allowed/ change places from outside, for as long as it lives. */
void canary_swap(const struct canaries *c) __attribute__((noreturn));

#endif
