/* SPDX-License-Identifier: ISC */
#ifndef TG_STICKY_H
#define TG_STICKY_H

/*
 * What fs.protected_* of sysctl(8) keeps programs from in directories like
 * /tmp: to be led by other users' links, or into their files.  The kernel asks
 * when it looks a name up, and here that is tollgate.
 */

#include <stdbool.h>
#include <sys/stat.h>

enum protects { PROTECTS_LINKS, PROTECTS_REGULAR, PROTECTS_FIFOS };

/* May this, found in that directory, not be followed, or be opened with O_CREAT? */
bool sticky_forbids(enum protects, const struct stat *dir, const struct stat *found);

#endif
