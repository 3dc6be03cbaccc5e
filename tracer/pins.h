/* SPDX-License-Identifier: ISC */
#ifndef TG_PINS_H
#define TG_PINS_H

/*
 * What a verdict was about and the tracee could still change: each piece of
 * its memory that decode copied, and where the kernel will find the pointer to
 * it.  Enforcing puts the copies where only tollgate can write and makes the
 * pointers lead there.
 */

#include <stdint.h>

#include "engine/sysdesc.h"

enum {
	MAX_PINS = 8,		/* socketcall's block, a message, its name and control data; mount's four texts */
	IN_REGISTER = -1,
	NOWHERE = -2,
};

/* Where a value is that the kernel will read. */
struct place {
	int8_t in;		/* IN_REGISTER, NOWHERE, or the index of a pin */
	uint16_t at;		/* number of the register, or offset in the pin's bytes */
};

struct pin {
	struct place pointer;	/* what points to it */
	struct place length;	/* where its length is; NOWHERE when it has none, or a fixed one */
	const void *bytes;	/* the copy, in the arena of the stop */
	uint32_t len;
};

struct pins {
	struct pin pin[MAX_PINS];
	unsigned n;
	struct place arg[SYS_MAXARGS];		/* where each argument of the call is; virtual ones, too */
	int8_t of[SYS_MAXARGS];			/* the pin with the text or address of an argument; NOWHERE: none */
	bool first_only;			/* of several messages only the first was looked at */
};

#endif
