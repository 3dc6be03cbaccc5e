/* SPDX-License-Identifier: ISC */
#ifndef TG_NEWFILE_H
#define TG_NEWFILE_H

#include <stddef.h>

/*
 * Puts text in the place of what is in a file: written beside it, flushed, and
 * renamed, so that at any time there is the old file or the new one, whole.
 * Mode and, where that is possible, owner are kept; a symbolic link stays one.
 * 0 or -errno, and then the file is as it was.
 */
int newfile_replace(const char *path, const char *text, size_t len);

#endif
