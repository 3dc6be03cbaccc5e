/* SPDX-License-Identifier: ISC */
#include "tracer/gain.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "lib/cleanup.h"

static bool
is_among(unsigned id, const unsigned ids[4])
{
	return id == ids[0] || id == ids[1] || id == ids[2] || id == ids[3];
}

static bool
are_all_among(const unsigned now[4], const unsigned before[4])
{
	return is_among(now[0], before) && is_among(now[1], before) && is_among(now[2], before) && is_among(now[3], before);
}

static bool
is_one(const unsigned ids[4])
{
	return ids[0] == ids[1] && ids[1] == ids[2] && ids[2] == ids[3];
}

/* Does the kernel say that the program is more than who executed it?  Also when it says nothing. */
static bool
is_secure(pid_t tid, unsigned wordsize)
{
	cleanup_file FILE *f = NULL;
	unsigned char entry[16];
	uint64_t type = 0, value = 0;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/auxv", tid);
	f = fopen(path, "re");
	while (f && fread(entry, 2 * (size_t)wordsize, 1, f) == 1) {
		memcpy(&type, entry, wordsize);
		memcpy(&value, entry + wordsize, wordsize);
		if (type == AT_SECURE)
			return value != 0;
	}
	return true;
}

/* A file that would give ids or capabilities: of a tracer without privileges it does not, and the kernel says AT_SECURE all the same. */
static bool
file_would_give(pid_t tid)
{
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	return stat(path, &st) < 0 || st.st_mode & (S_ISUID | S_ISGID) || getxattr(path, "security.capability", NULL, 0) > 0;
}

/* A module of the kernel's own security has given another domain, which no id shows. */
static bool
has_gained_unseen(pid_t tid, const struct file_ids *ids, unsigned wordsize)
{
	bool plain = is_one(ids->uids) && is_one(ids->gids) && (!ids->permitted || !ids->uids[0]);

	return plain && is_secure(tid, wordsize) && !file_would_give(tid);
}

const char *
gain_by_exec(pid_t tid, const struct file_ids *before, const struct file_ids *now, unsigned wordsize)
{
	if (!now->known)
		return "killed: nobody says whose rights it has after an exec";
	if (!before || !before->known)
		return is_secure(tid, wordsize) ? "killed: an exec gave it rights (AT_SECURE)" : NULL;
	if (!are_all_among(now->uids, before->uids))
		return "killed: an exec gave it the rights of another user";
	if (!are_all_among(now->gids, before->gids))
		return "killed: an exec gave it the rights of another group";
	if (now->permitted & ~before->permitted)	/* in ours: those of another user name space are none (ids.h) */
		return "killed: an exec gave it capabilities";
	return has_gained_unseen(tid, now, wordsize) ? "killed: an exec gave it rights (AT_SECURE)" : NULL;
}
