/* SPDX-License-Identifier: ISC */
#ifndef TG_COMMAND_H
#define TG_COMMAND_H

#include <stddef.h>

#include "tracer/opt.h"

/*
 * A command of tollgate: one file cmd_<name>.c that defines one of these, and
 * one row of commands[] in main.c.
 */
struct command {
	const char *name;
	const char *usage;		/* "[OPTION]... POLICY..." */
	const char *summary;		/* one line, for `tollgate --help` */
	const char *examples;		/* a command line per line */
	const struct option_row *options;
	size_t options_size;		/* of the struct the rows point into; it starts zeroed */
	/*
	 * Options are parsed and argv[0] is the first operand, argv[argc] NULL.
	 * Returns the exit status.
	 */
	int (*exec)(void *options, int argc, char **argv);
	int usage_status;		/* what a wrong command line exits with */
};

/* Says what is wrong with the operands and points to --help; returns usage_status. */
int command_misused(const struct command *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

extern const struct command cmd_run;
extern const struct command cmd_attach;
extern const struct command cmd_check;
extern const struct command cmd_explain;
extern const struct command cmd_show;
extern const struct command cmd_fmt;
extern const struct command cmd_list;
extern const struct command cmd_probe;
extern const struct command cmd_export;
extern const struct command cmd_import;
extern const struct command cmd_bench;

#endif
