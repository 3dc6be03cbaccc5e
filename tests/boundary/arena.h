/* SPDX-License-Identifier: ISC */
#ifndef TG_ARENA_H
#define TG_ARENA_H

/*
 * Memory that arguments lie in, all of it below 4 GiB, where the gate of 32-bit
 * code finds it: pages to write, with a hole behind them; pages to read; pages
 * for nobody; a file's pages, beyond its end; pages shared with children.  And
 * what a second thread rewrites while a call is made.
 */

#include "boundary.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096, WORK_PAGES = 8, WORK = WORK_PAGES * PAGE, ARENA = 32 * PAGE };
enum { AT_HOLE = WORK, AT_READONLY = 10 * PAGE, AT_NONE = 12 * PAGE, AT_FILE = 14 * PAGE, AT_SHARED = 18 * PAGE, AT_STACK = 22 * PAGE };

static char *const arena = (char *)0x20000000;
static char *window;			/* tollgate's own pages in this process, if there are any */
static unsigned long window_pages;
static int arena_file = -1;		/* one that ends in its first page */

static struct chance { uint64_t seed; } main_chance;
static __thread struct chance *chance = &main_chance;

static uint64_t any64(void) { return chance_next(&chance->seed); }
static unsigned any(unsigned n) { return (unsigned)(any64() >> 24) % n; }
static bool once_in(unsigned n) { return any(n) == 0; }

#define PICK(list) ((list)[any(sizeof(list) / sizeof(*(list)))])

/* Everything anew: calls unmap and move it. */
static void
arena_make(void)
{
	const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, rw = PROT_READ | PROT_WRITE;

	mmap(arena, WORK, rw, fixed, -1, 0);
	munmap(arena + AT_HOLE, PAGE);
	mmap(arena + AT_READONLY, 2 * PAGE, PROT_READ, fixed, -1, 0);
	mmap(arena + AT_NONE, 2 * PAGE, PROT_NONE, fixed, -1, 0);
	if (mmap(arena + AT_FILE, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, arena_file, 0) == MAP_FAILED)
		mmap(arena + AT_FILE, PAGE, PROT_READ, fixed, -1, 0);
	mmap(arena + AT_SHARED, 2 * PAGE, rw, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(arena + AT_STACK, 8 * PAGE, rw, fixed, -1, 0);
}

/* Where tollgate's window is, by the name that the kernel shows; of its file's mappings the lowest. */
static void
window_find(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long lo, hi;
	char line[512];

	window = NULL;
	while (f && !window && fgets(line, sizeof(line), f))
		if (strstr(line, "memfd:tollgate") && sscanf(line, "%lx-%lx", &lo, &hi) == 2) {
			window = (char *)lo;
			window_pages = (hi - lo) / PAGE;
		}
	if (f)
		fclose(f);
}

static char *
work_at(unsigned len, unsigned align)
{
	unsigned room = len < WORK ? WORK - len : 0;

	return arena + (room ? any(room) & ~(align - 1) : 0);
}

/* Where an argument of that size is put: mostly where it can be read. */
static char *
place(unsigned len)
{
	unsigned whole = (len + 15) & ~15u;

	switch (any(16)) {
	case 0:
	case 1:		/* to the last byte before the hole */
		return arena + AT_HOLE - (len < WORK ? len : WORK);
	case 2:
		return work_at(len, 1);
	case 3:
		return arena + AT_SHARED + any(PAGE / 2);
	case 4:		/* it goes on where nothing is */
		return once_in(4) ? arena + AT_HOLE - any(len < WORK ? len + 1 : 8) : work_at(len, 8);
	default:
		return work_at(whole, 16);
	}
}

/* Not past the arena's own end, whatever follows it. */
static char *
put(const void *data, unsigned len)
{
	char *p = place(len);
	long room = arena + (p < arena + AT_HOLE ? AT_HOLE : AT_SHARED + 2 * PAGE) - p;

	if (room > 0)
		memcpy(p, data, (long)len < room ? len : (unsigned)room);
	return p;
}

/* A word of the callee's width. */
static void
put_word(char *p, unsigned width, uint64_t v)
{
	memcpy(p, &v, width);
}

/*
 * Pointers of all kinds.  Not to libc's data and this program's own: to break
 * those says nothing.
 */
static uint64_t
any_pointer(void)
{
	static const uint64_t odd[] = {
		0, 1, 8, 0xfff, 0xffffffff, 0xfffffffffffffff8, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
		0xffffffffff600000, 0xffffffff80000000, 0xffffffff81000000, 0x100000000, 0xfffff000, 0xc0000000,
	};

	switch (any(20)) {
	case 0: return PICK(odd);
	case 1: return (uintptr_t)arena + AT_READONLY + any(2 * PAGE);
	case 2: return (uintptr_t)arena + AT_NONE + any(2 * PAGE);
	case 3: return (uintptr_t)arena + AT_FILE + any(3 * PAGE);
	case 4: return (uintptr_t)arena + AT_SHARED + any(2 * PAGE);
	case 5: return (uintptr_t)arena + AT_HOLE - any(64);
	case 6: return window ? (uintptr_t)window + any((unsigned)window_pages * PAGE) - any(2) * 8 : 0;
	case 7: return (uintptr_t)arena + AT_STACK + any(4 * PAGE);
	case 8: return ((uintptr_t)arena + any(WORK)) | (any64() << 32);
	default: return (uintptr_t)work_at(256, once_in(4) ? 1 : 8);
	}
}

/* Page addresses for calls that map and unmap, near the arena and the window. */
static uint64_t
any_page(void)
{
	switch (any(8)) {
	case 0:
	case 1: return window ? (uintptr_t)window + (any((unsigned)window_pages + 3) - (uint64_t)1) * PAGE : 0;
	case 2: return (uintptr_t)window & ~(uint64_t)(64 * PAGE - 1);
	case 3: return any_pointer();
	case 4: return (any64() & 0x7fffffffffff) & ~(uint64_t)(PAGE - 1);
	default: return (uintptr_t)arena + any(ARENA / PAGE) * PAGE;
	}
}

static uint64_t
any_size(void)
{
	static const uint64_t some[] = {
		0, 1, 2, 3, 4, 8, 16, 24, 28, 40, 56, 64, 88, 110, 112, 128, 255, 256, 1024, 4095, 4096, 4097, 8192, 65536,
		1 << 20, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xfffffffffffff000, ~(uint64_t)0,
	};

	return once_in(3) ? PICK(some) : once_in(3) ? any(8192) : PICK(some) & 0xffff;
}

/*
 * What is rewritten: up to WIDTH bytes at a place, one value and then another.
 * The thread that does it sees a change of place at some time or other: what it
 * writes then is in the arena all the same.
 */
static struct flip {
	char *volatile at;
	volatile uint64_t value[2];
	volatile unsigned width;
} flips[2];

static void
flip_set(char *at, unsigned width, uint64_t good, uint64_t evil)
{
	struct flip *f = &flips[any(2)];

	if (at < arena || at + 8 > arena + AT_STACK || (at + 8 > arena + AT_HOLE && at < arena + AT_SHARED))
		return;
	f->at = NULL;
	f->value[0] = good;
	f->value[1] = evil;
	f->width = width;
	f->at = at;
}

static void
flip_one(struct flip *f, unsigned which)
{
	char *at = f->at;
	uint64_t v = f->value[which];

	if (!at)
		return;
	switch (f->width) {
	case 1: *(volatile char *)at = (char)v; break;
	case 2: *(volatile uint16_t *)at = (uint16_t)v; break;
	case 4: *(volatile uint32_t *)at = (uint32_t)v; break;
	case 8: *(volatile uint64_t *)at = v; break;
	}
}

#endif
