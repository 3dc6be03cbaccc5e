/* SPDX-License-Identifier: ISC */
#include "tracer/command.h"
static const struct option_row rows[] = { { .kind = OPT_END } };
static int exec_export(void *o, int c, char **v) { (void)o;(void)c;(void)v; return 2; }
const struct command cmd_export = { .name = "export", .usage = "", .summary = "x", .examples="", .options = rows, .options_size = 8, .exec = exec_export, .usage_status = 2 };
