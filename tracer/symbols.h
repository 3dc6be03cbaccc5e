/* SPDX-License-Identifier: ISC */
#ifndef TG_SYMBOLS_H
#define TG_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * The function of an ELF file that holds the byte at a file offset; NULL when
 * no symbol covers it, or the file is none that libelf reads.  fd is open for
 * reading and st is of it.  The text lives until the next call.  0, -EFBIG when
 * the file has more than is looked at, or -ENOSYS when tollgate was built
 * without libelf.
 */
int symbols_find(int fd, const struct stat *st, uint64_t offset, const char **name);

/* Was tollgate built with libelf? */
bool symbols_possible(void);

#endif
