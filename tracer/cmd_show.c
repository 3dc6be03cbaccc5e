/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "policies/builtin.h"
#include "tracer/choice.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/policyfile.h"
#include "tracer/show_plan.h"

enum { FINE, WRONG = 2 };

struct show_options {
	struct choice choice;
	const char *promise;
	bool floor, text, plan;
};

#define AT(member)	offsetof(struct show_options, member)

static const struct option_row rows[] = {
	CHOICE_POLICY_ROW(struct show_options, choice),
	CHOICE_PROGRAM_ROWS(struct show_options, choice),
	CHOICE_GRANT_ROWS(struct show_options, choice),
	{ .name = "text", .kind = OPT_FLAG, .offset = AT(text),
	  .help = "the policy's own text, comments and all, to start one's own from" },
	{ .name = "plan", .kind = OPT_FLAG, .offset = AT(plan),
	  .help = "for each call: whether it passes, is refused or is looked at, and why" },
	{ .name = "promise", .kind = OPT_STRING, .offset = AT(promise), .arg = "NAME",
	  .help = "the text of a promise instead" },
	{ .name = "floor", .kind = OPT_FLAG, .offset = AT(floor),
	  .help = "the text of the floor instead: what no policy grants by itself" },
	{ .kind = OPT_END },
};

static int exec_show(void *options, int argc, char **argv);

const struct command cmd_show = {
	.name = "show",
	.usage = "[OPTION]... [-p POLICY]...",
	.summary = "show a policy's rules, expanded, each with where it comes from",
	.examples =
	    "tollgate show -p mpv\n"
	    "tollgate show --program mpv --arg clip.mkv\n"
	    "tollgate show --text -p mpv >mine.policy\n"
	    "tollgate show --plan -p mpv\n"
	    "tollgate show --promise stdio",
	.options = rows,
	.options_size = sizeof(struct show_options),
	.exec = exec_show,
	.usage_status = WRONG,
};

static void
print_line(void *ctx, const char *text, const struct origin *o)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	(void)ctx;
	if (!o || !o->file) {
		printf("%s\n", text);
		return;
	}
	strbuf_escape(&b, o->file, strlen(o->file), "");
	printf("%-56s # %s:%u", text, b.s, o->line);
	if (o->via)
		printf(", %s", o->via);
	putchar('\n');
}

static int
show_rules(struct show_options *o, struct host *h)
{
	const char *extra = choice_grants(&o->choice, h);
	struct layers l;

	if (!extra || choice_complete(&o->choice, h) || host_load_layers(h, &o->choice.policies, extra, &l))
		return WRONG;
	if (o->plan)
		show_plan(l.floor, l.layer, l.n);
	for (size_t i = 0; i < l.n && !o->plan; i++) {
		if (l.n > 1)
			printf("%s# %s, all of the %zu policies must allow\n", i ? "\n" : "", o->choice.policies.v[i], l.n);
		policy_show(l.layer[i].policy, print_line, NULL);
	}
	layers_free(&l);
	return FINE;
}

static int
show_text(struct show_options *o, struct host *h)
{
	const char *text, *shown;
	size_t len;

	if (choice_complete(&o->choice, h))
		return WRONG;
	for (size_t i = 0; i < o->choice.policies.n; i++) {
		const char *name = o->choice.policies.v[i];
		int r = h->iface.read(h, name, NULL, &text, &len, &shown);

		if (r) {
			host_warn_unreadable(h, name, r);
			return WRONG;
		}
		fwrite(text, 1, len, stdout);
	}
	return FINE;
}

static int
show_promise(const char *name, struct host *h)
{
	const char *text, *shown, *near;
	char mem[128];
	struct strbuf b = STRBUF(mem);
	size_t len;

	if (h->iface.read_promise(h, name, &text, &len, &shown) == 0) {
		fwrite(text, 1, len, stdout);
		return FINE;
	}
	near = nearest_word(name, h->iface.promises(h));
	strbuf_quote(&b, name, strlen(name), 100);
	if (near)
		warn("no promise %s; did you mean \"%s\"?", b.s, near);
	else
		warn("no promise %s (see tollgate list promises)", b.s);
	return WRONG;
}

static int
show_floor(void)
{
	const struct builtin *b = builtin_find(FLOOR_NAME);

	if (!b)
		return WRONG;
	fwrite(b->text, 1, b->len, stdout);
	return FINE;
}

static int
exec_show(void *options, int argc, char **argv)
{
	struct show_options *o = options;
	struct host host;
	int status;

	(void)argv;
	if (argc > 0)
		return command_misused(&cmd_show, "policies are named with -p");
	if (o->plan && (o->promise || o->floor || o->text))
		return command_misused(&cmd_show, "--plan is of policies' rules, not of a text");
	if ((o->promise != NULL) + o->floor + (o->text || o->choice.policies.n) > 1)
		return command_misused(&cmd_show, "a policy, --promise or --floor: one at a time");
	choice_host(&o->choice, &host);
	if (o->promise)
		status = show_promise(o->promise, &host);
	else if (o->floor)
		status = show_floor();
	else
		status = o->text ? show_text(o, &host) : show_rules(o, &host);
	host_free(&host);
	choice_free(&o->choice);
	return status;
}
