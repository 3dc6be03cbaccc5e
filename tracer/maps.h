/* SPDX-License-Identifier: ISC */
#ifndef TG_MAPS_H
#define TG_MAPS_H

/*
 * /proc/PID/maps.  Its lines are read whole: a name with line ends in it is
 * shown four times as long, and a part of such a line would be what the
 * program likes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* A file as it is shown there.  On some file systems (overlay, btrfs) that is not what stat(2) says. */
struct mapped_file {
	unsigned major, minor;
	uint64_t ino;		/* 0: memory of no file */
};

struct mapping {
	uint64_t lo, hi, offset;
	char perms[5];		/* "rwxp"; at the end 's' when it is shared */
	struct mapped_file file;
	const char *name;	/* "" when it has none; until the next one is read */
};

struct maps {
	FILE *stream;		/* NULL: it could not be opened, with errno */
	char *line;
	size_t room;
};

struct maps maps_open(pid_t);
void maps_close(struct maps *);
#define cleanup_maps	__attribute__((cleanup(maps_close)))

/* False at the end, and when nothing more can be read (ferror). */
bool maps_next(struct maps *, struct mapping *);

/* The one in which the address lies.  -ENOENT; -EIO; or why it could not be opened. */
int maps_find(struct maps *, uint64_t addr, struct mapping *);

/* The file that we have mapped there ourselves.  As maps_find(). */
int maps_own_file(const void *at, struct mapped_file *);

bool mapped_file_is(const struct mapped_file *, const struct mapped_file *);

#endif
