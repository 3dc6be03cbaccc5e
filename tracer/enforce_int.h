/* SPDX-License-Identifier: ISC */
#ifndef TG_ENFORCE_INT_H
#define TG_ENFORCE_INT_H

/*
 * A call as it will be made: enforce_objects.c drafts it, enforce_messages.c
 * what is about messages and enforce_rename.c what is renamed, so that it acts
 * on the objects that the verdict was about; enforce_pins.c carries that out,
 * from memory that the program cannot write.
 */

#include "tracer/enforce.h"

enum { MAX_CHANGES = 8 };

struct change {
	struct place at;
	uint64_t value;
	unsigned width;		/* bytes in memory */
};

struct draft {
	const struct let_in *in;
	struct pin pin[MAX_PINS];
	unsigned n;
	struct change change[MAX_CHANGES];
	unsigned nchanges;
	int64_t nr;		/* another call than was made; -1: the same */
	bool held[SYS_MAXARGS];	/* the object of this argument is what the call will act on */
};

/* 0 or -errno: what cannot be made to act on what was checked is refused. */
int draft_objects(struct draft *, struct hold *);

/* Of several messages the first, which was looked at (.first_only); and a message that there is no room for control data in. */
int draft_message(struct draft *, struct hold *);
int draft_receiver(struct draft *, struct hold *);

/* Files that are renamed, so that neither a directory moves in their stead nor anything is replaced unasked (.no_replace). */
int draft_rename(struct draft *, struct hold *);

/* A value in its place. -ENOBUFS: too many, or it has none. */
int draft_change(struct draft *, struct place, uint64_t value, unsigned width);
/* Bytes for the argument i, which has no pin yet or is to have another text.  0 or -ENOBUFS. */
int draft_text(struct draft *, unsigned i, const void *bytes, size_t len);

#endif
