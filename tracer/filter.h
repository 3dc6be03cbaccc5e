/* SPDX-License-Identifier: ISC */
#ifndef TG_FILTER_H
#define TG_FILTER_H

/* A seccomp filter in the program, which stops it only for what tollgate has to look at. */

#include <stdbool.h>
#include <stdint.h>

#include "engine/export.h"

/*
 * What the filter returns for that: SECCOMP_RET_TRACE.  The lower half is ours
 * to choose: who has a filter of his own that says the same has his data there.
 */
enum { FILTER_DATA = 0x7467, FILTER_LOOK = 0x7ff00000 | FILTER_DATA };

/*
 * Measures, after pt_probe(), whether it can be done: that filters can be
 * installed, that the entry-stop comes before the filter's (Linux 4.8: before
 * that a filter saw what a tracer had not), and that a call is skipped there
 * without an exit-stop.  From then on pt_has(PT_FILTER) says so.  `without` is as pt_probe() has it.
 */
void filter_probe(unsigned without);

/* Installs it in this process, which has no_new_privs, for good.  0 or -errno. */
int filter_install(const struct export_insn *, size_t n);

#endif
