/* SPDX-License-Identifier: ISC */
#include "tracer/fixed.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* Of what lies in that directory others could make something else. */
static bool
is_open_to_others(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX));
}

static bool
may_go(const struct policy *floor, const struct layer *layer, size_t n, const char *abi, const char *dir)
{
	const struct access a = { .kind = ACC_PATH, .rights = R_DELETE, .path = dir };
	const struct sysevent ev = { .id = SYS_ID_rmdir, .abi = abi, .wordsize = sizeof(long), .access = &a, .naccess = 1 };

	return policy_decide(floor, layer, n, &ev).action == ACT_ALLOW;
}

bool
fixed_name(const struct policy *floor, const struct layer *layer, size_t n, const char *abi, const char *path)
{
	char dir[PATH_MAX];

	if (path[0] != '/' || strlen(path) >= sizeof(dir) || is_open_to_others("/"))
		return false;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(dir, path, (size_t)(slash - path));
		dir[slash - path] = '\0';
		if (is_open_to_others(dir) || may_go(floor, layer, n, abi, dir))
			return false;
	}
	return true;
}
