/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/policy_int.h"
#include "lib/strbuf.h"

enum { LINE_MAX_BYTES = 5 * PATTERN_MAX };

/* Where lines go. */
struct output {
	policy_line *put;
	void *ctx;
	const struct policy *p;
};

static void
action_print(enum action action, int err, struct strbuf *b)
{
	static const char *const words[] = { [ACT_KILL] = "kill", [ACT_TRAP] = "trap", [ACT_DENY] = "deny", [ACT_ASK] = "ask", [ACT_ALLOW] = "allow"
	};

	strbuf_add(b, words[action]);
	if (action == ACT_DENY)
		strbuf_addf(b, " %s", errno_name(err));
}

static void
target_print(const struct policy *p, const struct rule *r, struct strbuf *b)
{
	const char *name, *found;

	if (!r->target)
		return;
	/* Where a file was found does not depend on where this text will stand. */
	found = policy_name(p->target[r->target - 1]);
	name = found[0] == '/' ? found : p->target_name[r->target - 1];
	strbuf_add(b, " -> \"");
	pattern_print_literal(name, strlen(name), b);
	strbuf_addc(b, '"');
}

void
rule_print(const struct policy *p, const struct rule *r, struct strbuf *b)
{
	action_print(r->action, r->err, b);
	strbuf_addc(b, ' ');
	if (r->kind == OBJ_CALL)
		strbuf_add(b, "syscall");
	else
		rights_print(r->rights & ~r->implied, b);
	strbuf_addf(b, " %s", r->object);
	target_print(p, r, b);
	if (r->when)
		strbuf_addf(b, " if %s", r->when);
	strbuf_add(b, r->log ? " log" : "");
	strbuf_add(b, r->quiet ? " quiet" : "");
}

static void
show_setting(const struct output *out, const char *word, const struct setting *s)
{
	char mem[64];
	struct strbuf b = STRBUF(mem);

	strbuf_addf(&b, "%s ", word);
	action_print(s->action, s->err, &b);
	out->put(out->ctx, b.s, s->origin.file ? &s->origin : NULL);
}

static void
show_marks(const struct output *out, const char *keyword, const struct mark *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char mem[LINE_MAX_BYTES];
		struct strbuf b = STRBUF(mem);

		strbuf_addf(&b, "%s ", keyword);
		pattern_print_literal(m[i].word, strlen(m[i].word), &b);
		out->put(out->ctx, b.s, &m[i].origin);
	}
}

static void
show_rule(const struct output *out, const struct rule *r)
{
	char mem[2 * LINE_MAX_BYTES];
	struct strbuf b = STRBUF(mem);

	if (r->hidden)
		return;
	strbuf_add(&b, r->phase ? "\t" : "");
	rule_print(out->p, r, &b);
	out->put(out->ctx, b.s, &r->origin);
}

/* The floor's rules stand in the blocks of their guards. */
static void
show_guards(const struct output *out, const struct policy *p)
{
	for (unsigned g = 0; p->guards[g]; g++) {
		char mem[256];
		struct strbuf b = STRBUF(mem);

		strbuf_addf(&b, "guard %s {", p->guards[g]);
		out->put(out->ctx, b.s, NULL);
		for (size_t i = 0; i < p->nrules; i++)
			if (p->rule[i]->guard == g)
				show_rule(out, p->rule[i]);
		out->put(out->ctx, "}", NULL);
	}
}

static void
show_children(const struct output *out, const struct setting *s)
{
	if (s->action == ACT_DENY)
		show_setting(out, "children", s);
}

/* What several triggers say, a call with a condition last: that goes on to the brace. */
static void
triggers_print(const struct phase *ph, struct strbuf *b)
{
	const char *or = "";

	for (unsigned last = 0; last < 2; last++) {
		for (unsigned i = 0; i < ph->ntriggers; i++) {
			const struct trigger *t = &ph->trigger[i];

			if (t->hidden || (t->cond.n > 0) != last)
				continue;
			strbuf_addf(b, "%s%s", or, t->text);
			or = " or ";
		}
	}
}

/* The rules of one phase in its braces; 0 are those of none. */
static void
show_phase(const struct output *out, const struct policy *p, unsigned phase)
{
	const struct phase *ph = phase ? &p->phase[phase - 1] : NULL;
	char mem[2 * LINE_MAX_BYTES];
	struct strbuf b = STRBUF(mem);

	if (ph) {
		strbuf_addf(&b, "phase %s until ", ph->name);
		triggers_print(ph, &b);
		strbuf_add(&b, " {");
		out->put(out->ctx, b.s, &ph->origin);
	}
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rule[i]->phase == phase)
			show_rule(out, p->rule[i]);
	if (ph)
		out->put(out->ctx, "}", NULL);
}

void
policy_show(const struct policy *p, policy_line *put, void *ctx)
{
	struct output out = { .put = put, .ctx = ctx, .p = p };

	put(ctx, "policy 1", NULL);
	if (p->guards[0]) {
		show_guards(&out, p);
		return;
	}
	show_marks(&out, "program", p->program, p->nprograms);
	show_setting(&out, "default", &p->fallback);
	show_setting(&out, "unknown", &p->unknown);
	show_marks(&out, "unsafe", p->unsafe, p->nunsafe);
	show_children(&out, &p->children);
	for (unsigned phase = 0; phase <= p->nphases; phase++)
		show_phase(&out, p, phase);
}
