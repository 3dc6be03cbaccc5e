/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/check_json.h"
#include "tracer/choice.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/symbols.h"

enum { FINE, FINDINGS, USAGE };

struct check_options {
	struct choice choice;
	bool json, no_exposure;
};

#define AT(member)	offsetof(struct check_options, member)

static const struct option_row rows[] = {
	CHOICE_PROGRAM_ROWS(struct check_options, choice),
	{ .name = "no-exposure", .letter = 'q', .kind = OPT_FLAG, .offset = AT(no_exposure),
	  .help = "only the findings, not what the policy leaves open" },
	{ .name = "json", .kind = OPT_FLAG, .offset = AT(json),
	  .help = "print all of it as JSON" },
	{ .kind = OPT_END },
};

static int exec_check(void *options, int argc, char **argv);

const struct command cmd_check = {
	.name = "check",
	.usage = "[OPTION]... POLICY...",
	.summary = "look for errors in policies, and say what they leave open",
	.examples = "tollgate check ./mine.policy\ntollgate check --arg clip.mkv mpv ffmpeg",
	.options = rows,
	.options_size = sizeof(struct check_options),
	.exec = exec_check,
	.usage_status = USAGE,
};

/* One run over all the policies. */
struct checking {
	const struct check_options *o;
	struct host host;
	struct check_json *json;	/* NULL: text */
	unsigned findings;
	char last[2048];		/* finding printed: several objects of one line find it again */
};

/* Findings */

static void
add_place(struct strbuf *b, const struct origin *o)
{
	strbuf_escape(b, o->file, strlen(o->file), "");
	strbuf_addf(b, ":%u", o->line);
}

/* As compilers write it, so that editors can go there. */
static void
take_finding(void *ctx, const char *kind, const struct origin *origin, const char *text)
{
	struct checking *c = ctx;
	char mem[sizeof(c->last)];
	struct strbuf b = STRBUF(mem);

	if (origin && origin->file) {
		add_place(&b, origin);
		strbuf_add(&b, ": ");
	}
	strbuf_add(&b, text);
	c->findings++;
	if (!strcmp(b.s, c->last))
		return;
	if (c->json)
		check_json_finding(c->json, kind, origin, text);
	else
		puts(b.s);
	snprintf(c->last, sizeof(c->last), "%s", b.s);
}

static void
check_functions(struct checking *c, const struct policy *p)
{
	const struct origin *o = symbols_possible() ? NULL : policy_names_function(p);

	if (o)
		take_finding(c, "no-libelf", o, "this tollgate was built without libelf and cannot tell functions: "
		    "the calls that the line is about are refused");
}

static bool
has_call(void *ctx, const char *name)
{
	const struct arch *arch = arch_native();

	(void)ctx;
	for (size_t i = 0; i < arch->nabis; i++)
		if (arch->abis[i].supported && abi_call_nr(&arch->abis[i], name) >= 0)
			return true;
	return false;
}

static bool
has_file(void *ctx, const char *path)
{
	(void)ctx;
	return access(path, F_OK) == 0;
}

/* Exposure */

enum { PLACES_SHOWN = 3, TEXT_COLUMN = 6 };

static void
add_places(struct strbuf *b, const struct exposure *e)
{
	for (size_t i = 0; i < e->nwhere && i < PLACES_SHOWN; i++) {
		strbuf_add(b, i ? ", " : " (");
		add_place(b, e->where[i]);
	}
	if (e->nwhere > PLACES_SHOWN)
		strbuf_addf(b, " and %zu more", e->nwhere - PLACES_SHOWN);
	strbuf_add(b, e->nwhere ? ")" : "");
}

static void
take_exposure(void *ctx, const struct exposure *e)
{
	static const char *const marks[] = {
		[EXPOSURE_GRAVE] = "  !!", [EXPOSURE_NOTABLE] = "  !", [EXPOSURE_PLAIN] = "",
	};
	struct checking *c = ctx;
	char mem[4096];
	struct strbuf b = STRBUF(mem);

	if (c->json) {
		check_json_exposure(c->json, e);
		return;
	}
	if (e->phase)
		strbuf_addf(&b, "until phase %s ends: ", e->phase);
	strbuf_add(&b, e->text);
	add_places(&b, e);
	help_line(stdout, marks[e->level], TEXT_COLUMN, b.s);
}

static void
show_exposure(struct checking *c, const char *name, const struct policy *p)
{
	struct policy_host *h = &c->host.iface;
	const struct exposure_about about = {
		.floor = host_floor(&c->host), .home = h->variable(h->ctx, "HOME"), .runtime = h->variable(h->ctx, "XDG_RUNTIME_DIR"),
	};
	char mem[256];
	struct strbuf b = STRBUF(mem);

	if (c->o->no_exposure)
		return;
	strbuf_escape(&b, name, strlen(name), "");
	if (!c->json)
		printf("%s leaves open, what matters most first:\n", b.s);
	policy_exposure(p, &about, take_exposure, c);
}

static void
check_one(struct checking *c, const char *name)
{
	const struct lint_host around = { .ctx = c, .has_call = has_call, .has_file = has_file };
	struct policy *p = host_load(&c->host, name, NULL);

	if (c->json)
		check_json_policy(c->json, name, p != NULL);
	c->findings += !p;
	c->last[0] = '\0';
	if (!p)
		return;
	host_note_local(&c->host, name);
	policy_lint(p, &around, take_finding, c);
	check_functions(c, p);
	show_exposure(c, name, p);
	policy_free(p);
}

static int
exec_check(void *options, int argc, char **argv)
{
	struct check_options *o = options;
	struct checking c = { .o = o };

	if (argc == 0)
		return command_misused(&cmd_check, "no policy to check");
	if (o->json && !(c.json = check_json_new())) {
		warn("this tollgate was built without jansson and cannot print JSON");
		return USAGE;
	}
	choice_host(&o->choice, &c.host);
	for (int i = 0; i < argc; i++)
		check_one(&c, argv[i]);
	if (c.json)
		check_json_print(c.json);
	check_json_free(c.json);
	host_free(&c.host);
	choice_free(&o->choice);
	return c.findings ? FINDINGS : FINE;
}
