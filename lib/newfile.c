/* SPDX-License-Identifier: ISC */
#include "lib/newfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"

static int
write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* Mode as it was, or as umask would have it; a foreign owner is a courtesy that only root can do. */
static int
take_over(int fd, const char *path)
{
	struct stat st;
	mode_t mask;

	if (stat(path, &st) == 0) {
		if (fchown(fd, st.st_uid, st.st_gid) < 0 && errno != EPERM)
			return -errno;
		return fchmod(fd, st.st_mode & 07777) < 0 ? -errno : 0;
	}
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

int
newfile_replace(const char *path, const char *text, size_t len)
{
	cleanup_free char *real = realpath(path, NULL), *beside = NULL;
	cleanup_close int fd = -1;
	int err;

	if (!real && errno != ENOENT)
		return -errno;
	if (!real)
		real = xstrdup(path);
	beside = xasprintf("%s.XXXXXX", real);
	fd = mkstemp(beside);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, len);
	err = err ? err : take_over(fd, real);
	if (!err && rename(beside, real) < 0)
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}
