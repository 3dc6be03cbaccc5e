/* SPDX-License-Identifier: ISC */
#ifndef TG_WINDOW_H
#define TG_WINDOW_H

/*
 * A window: memory that tollgate writes and a program can only read.  Each
 * image gets one of its own, mapped before its first system call; forked
 * children have their parent's until they execute something.  It is dealt out
 * in pages, as many as it needs to each call in progress that has arguments in
 * memory; the first page stays empty, and is every empty string.
 *
 * What keeps the program from writing there: it is mapped from a descriptor
 * that is open for reading only, so that no mprotect(2), no /proc/self/mem and
 * no process_vm_writev(2) can; the file is sealed where it can be, against who
 * would open it anew; and calls that would move, replace, unmap or not inherit
 * the mapping are refused by its range (ranges.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracer/ids.h"
#include "tracer/maps.h"

enum {
	WINDOW_PAGE	= 4096,
	WINDOW_PAGES	= 4096,
	WINDOW_MOST	= 8,		/* of one call: two paths, or a message's largest control data, and structs */
	WINDOW_STUBS	= 8,		/* at its end, of the stubs (stub.h) ... */
	WINDOW_CODE	= WINDOW_STUBS / 2 * WINDOW_PAGE,	/* ... half of them what is executed */
	WINDOW_SIZE	= WINDOW_PAGES * WINDOW_PAGE,
};

/* What lies behind it; in the order of preference. */
enum window_backing { BACK_SEALED, BACK_MEMFD, BACK_SHM, BACK_FILE, BACKINGS };

struct window {
	unsigned refs;
	enum window_backing backing;
	char *mem;			/* ours, writable */
	int fd;				/* for reading; -1: BACK_SHM, or it is mapped already */
	int shmid;			/* BACK_SHM */
	struct mapped_file file;
	uint64_t at;			/* where the program has it; 0: not yet */
	uint64_t cradle;		/* where the program has that (cradle.h), of the same size; 0: nowhere */
	bool late;			/* the program ran before it was there, and can have prepared something */
	bool in_heap;			/* and its heap ends above (brk(2)) */
	uint64_t taken[WINDOW_PAGES / 64];
	uint64_t code_at;		/* where the program has the stubs' code; 0: nowhere */
	uint64_t stubs[4];		/* those that are taken */
	unsigned stubs_written;
	bool stubs_failed;		/* a program has made them useless: no more are taken */
};

/* Measures which backings there are; the best that is not among `without` (bits) is used from then on.  0 or -errno. */
int window_probe(unsigned without);
bool window_is_there(enum window_backing);	/* and not one of `without` */
enum window_backing window_backing(void);
const char *window_backing_name(enum window_backing);

/* NULL with errno.  window_attached: one that is mapped without any descriptor (BACK_SHM), whatever is the best. */
struct window *window_attached(const struct file_ids *);
struct window *window_new(const struct file_ids *);		/* whose task is to map it */
struct window *window_hold(struct window *);
void window_release(struct window *);		/* takes NULL */
/* It is mapped: the descriptor is not needed any more. */
void window_mapped(struct window *, uint64_t at);

/* The first of so many free pages that follow each other; -EAGAIN. */
int window_take(struct window *, unsigned pages);
/* Clears what was written: others who have the window could read it. */
void window_give(struct window *, int page, unsigned pages);

/* Is that segment of shared memory a window, of this tollgate or another? */
bool window_is_segment(int shmid);

/* Does that task have it where it was mapped, whole, shared and for reading only? */
bool window_is_mapped(const struct window *, pid_t tid);
/* The same of any memory of its size that is such a file, at that address. */
bool window_like_is_mapped(const struct mapped_file *, pid_t tid, uint64_t at);

/* Does [addr, addr + len) touch the window, or the cradle?  Also when the sum overflows. */
bool window_touches(const struct window *, uint64_t addr, uint64_t len);

#endif
