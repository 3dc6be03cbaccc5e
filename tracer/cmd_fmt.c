/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/policy.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/newfile.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/linediff.h"

/* In this order: the worst of several files is the exit status. */
enum { FINE, WOULD_CHANGE, FAILED };

struct fmt_options {
	bool write, check, diff;
};

#define AT(member)	offsetof(struct fmt_options, member)

static const struct option_row rows[] = {
	{ .name = "write", .letter = 'w', .kind = OPT_FLAG, .offset = AT(write),
	  .help = "write the files anew instead of printing their text" },
	{ .name = "diff", .letter = 'd', .kind = OPT_FLAG, .offset = AT(diff),
	  .help = "print what would change, as diff -u does" },
	{ .name = "check", .kind = OPT_FLAG, .offset = AT(check),
	  .help = "only name the files that would change; exit with 1 if there are any" },
	{ .kind = OPT_END },
};

static int exec_fmt(void *options, int argc, char **argv);

const struct command cmd_fmt = {
	.name = "fmt",
	.usage = "[OPTION]... [FILE|-]...",
	.summary = "write policies as they are best read; comments stay",
	.examples = "tollgate fmt --diff ./mine.policy\ntollgate fmt -w *.policy\ntollgate fmt <mine.policy >tidy.policy",
	.options = rows,
	.options_size = sizeof(struct fmt_options),
	.exec = exec_fmt,
	.usage_status = FAILED,
};

static int
cannot(const char *what, const char *name, int err)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	strbuf_quote(&b, name, strlen(name), 400);
	warn_err(-err, "cannot %s %s:", what, b.s);
	return FAILED;
}

static void
put_name(const char *name)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	strbuf_escape(&b, name, strlen(name), "");
	puts(b.s);
}

/* What one file is, and what it is to be. */
static int
finish(const struct fmt_options *o, const char *name, bool from_stdin, const char *old, size_t oldlen, const char *text,
    size_t len)
{
	bool same = len == oldlen && !memcmp(old, text, len);
	int err;

	if (o->diff && !same)
		linediff(stdout, name, old, oldlen, text, len);
	else if (o->check && !same)
		put_name(name);
	if (o->check || o->diff)
		return o->check && !same ? WOULD_CHANGE : FINE;
	if (!o->write || from_stdin)
		return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0 ? FINE : cannot("write", "standard output", -errno);
	err = same ? 0 : newfile_replace(name, text, len);
	return err ? cannot("write", name, err) : FINE;
}

static int
fmt_text(const struct fmt_options *o, const char *name, bool from_stdin, const char *old, size_t oldlen)
{
	struct policy_errors errors;
	size_t len;
	cleanup_free char *text = policy_fmt(old, oldlen, name, &len, &errors);

	if (text)
		return finish(o, name, from_stdin, old, oldlen, text, len);
	fflush(stdout);
	fputs(errors.text, stderr);
	return FAILED;
}

static int
fmt_stdin(const struct fmt_options *o)
{
	cleanup_free char *text = NULL;
	size_t cap = 0;
	ssize_t n = getdelim(&text, &cap, EOF, stdin);

	if (n < 0 && ferror(stdin))
		return cannot("read", "standard input", -errno);
	return fmt_text(o, "standard input", true, text ? text : "", n < 0 ? 0 : (size_t)n);
}

static int
fmt_file(const struct fmt_options *o, struct host *h, const char *name)
{
	const char *text;
	size_t len;
	int err = host_read_file(h, name, &text, &len);

	return err ? cannot("read", name, err) : fmt_text(o, name, false, text, len);
}

static int
exec_fmt(void *options, int argc, char **argv)
{
	static char dash[] = "-", *from_stdin[] = { dash, NULL };
	const struct fmt_options *o = options;
	int worst = FINE;
	struct host h;

	if (o->write && (o->check || o->diff))
		return command_misused(&cmd_fmt, "--write does it, --check and --diff only say: one or the other");
	if (!argc) {
		argc = 1;
		argv = from_stdin;
	}
	host_init(&h, NULL);
	for (int i = 0; i < argc; i++) {
		int status = strcmp(argv[i], "-") ? fmt_file(o, &h, argv[i]) : fmt_stdin(o);

		if (status > worst)
			worst = status;
	}
	host_free(&h);
	return worst;
}
