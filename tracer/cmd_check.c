/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/strbuf.h"
#include "tracer/choice.h"
#include "tracer/command.h"
#include "tracer/host.h"

enum { FINE, FINDINGS, USAGE };

struct check_options {
	struct choice choice;
};

static const struct option_row rows[] = {
	CHOICE_PROGRAM_ROWS(struct check_options, choice),
	{ .kind = OPT_END },
};

static int exec_check(void *options, int argc, char **argv);

const struct command cmd_check = {
	.name = "check",
	.usage = "[OPTION]... POLICY...",
	.summary = "look for errors in policies, and for what they leave open",
	.examples = "tollgate check ./mine.policy\ntollgate check --arg clip.mkv mpv ffmpeg",
	.options = rows,
	.options_size = sizeof(struct check_options),
	.exec = exec_check,
	.usage_status = USAGE,
};

/* The last finding printed: several objects of one line, or several policies with one include, find it again. */
struct findings {
	unsigned n;
	char last[2048];
};

/* As compilers write it, so that editors can go there. */
static void
print_finding(void *ctx, const struct origin *origin, const char *text)
{
	struct findings *f = ctx;
	char mem[sizeof(f->last)];
	struct strbuf b = STRBUF(mem);

	if (origin && origin->file) {
		strbuf_escape(&b, origin->file, strlen(origin->file), "");
		strbuf_addf(&b, ":%u: ", origin->line);
	}
	strbuf_add(&b, text);
	f->n++;
	if (strcmp(b.s, f->last))
		puts(b.s);
	snprintf(f->last, sizeof(f->last), "%s", b.s);
}

static void
check_one(struct host *h, const char *name, struct findings *f)
{
	struct policy *p = host_load(h, name, NULL);

	f->n += !p;
	if (!p)
		return;
	policy_lint(p, print_finding, f);
	policy_free(p);
}

static int
exec_check(void *options, int argc, char **argv)
{
	struct check_options *o = options;
	struct findings findings = { .n = 0 };
	struct host host;

	if (argc == 0)
		return command_misused(&cmd_check, "no policy to check");
	choice_host(&o->choice, &host);
	for (int i = 0; i < argc; i++)
		check_one(&host, argv[i], &findings);
	host_free(&host);
	choice_free(&o->choice);
	return findings.n ? FINDINGS : FINE;
}
