/* SPDX-License-Identifier: ISC */
#ifndef TG_MAPPED_H
#define TG_MAPPED_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * At an exec event, when no code has run: is all that the kernel mapped of
 * files the program, or the loader that is held by that descriptor (-1: none)?
 * Where it first goes, and what it says of the loader's place, come from
 * headers that the program's maker wrote; so all of it is looked at.
 */
bool mapped_nothing_else(pid_t tid, int loader);

/*
 * The same at less cost, of files that are known by what stat(2) says of them
 * (a loader with the number 0: none).  False also where the file system shows
 * other numbers in /proc/PID/maps: then mapped_nothing_else() has to be asked.
 */
struct fileid;
bool mapped_are_these(pid_t tid, const struct fileid *program, const struct fileid *loader);

#endif
