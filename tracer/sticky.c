/* SPDX-License-Identifier: ISC */
#include "tracer/sticky.h"

#include <stdio.h>

#include "lib/cleanup.h"
#include "tracer/ids.h"

static const char *const files[] = {
	[PROTECTS_LINKS]	= "/proc/sys/fs/protected_symlinks",
	[PROTECTS_REGULAR]	= "/proc/sys/fs/protected_regular",
	[PROTECTS_FIFOS]	= "/proc/sys/fs/protected_fifos",
};

/* The setting when tollgate started; none where the kernel has none. */
static int
level(enum protects p)
{
	static int known[3] = { -1, -1, -1 };
	cleanup_file FILE *f = NULL;

	if (known[p] >= 0)
		return known[p];
	f = fopen(files[p], "re");
	if (!f || fscanf(f, "%d", &known[p]) != 1 || known[p] < 0)
		known[p] = 0;
	return known[p];
}

bool
sticky_forbids(enum protects p, const struct stat *dir, const struct stat *found)
{
	mode_t open_to = S_IWOTH;

	if (!(dir->st_mode & S_ISVTX) || found->st_uid == ids_user() || found->st_uid == dir->st_uid)
		return false;
	if (p != PROTECTS_LINKS && level(p) > 1)
		open_to |= S_IWGRP;
	return (dir->st_mode & open_to) && level(p) > 0;
}
