/* SPDX-License-Identifier: ISC */
#include "tracer/show_plan.h"

#include <stdio.h>
#include <string.h>

#include "lib/strbuf.h"
#include "tracer/business.h"

static const struct { unsigned why; const char *text; } reasons[] = {
	{ LOOK_PATH,	"which file" },
	{ LOOK_ADDR,	"which address" },
	{ LOOK_PROC,	"which process" },
	{ LOOK_MEMORY,	"values in memory" },
	{ LOOK_CALLER,	"who calls" },
	{ LOOK_PHASE,	"phases" },
	{ LOOK_LOG,	"a line in the log" },
	{ LOOK_LARGE,	"more cases than a filter should have" },
	{ LOOK_OURS,	"tollgate's own business" },
};

/* All that the leaves of an answer say. */
struct summary {
	bool pass, refuse, look;
	unsigned why, regs;		/* bits */
};

static void
sum_up(const struct answer *a, struct summary *s)
{
	if (a->test) {
		s->regs |= 1U << a->test->reg;
		sum_up(a->yes, s);
		sum_up(a->no, s);
		return;
	}
	s->pass |= a->class == ANSWER_PASS;
	s->refuse |= a->class == ANSWER_REFUSE;
	s->look |= a->class == ANSWER_LOOK;
	s->why |= a->class == ANSWER_LOOK ? a->why : 0;
}

static void
add(struct strbuf *b, const char *sep, const char *text)
{
	strbuf_addf(b, "%s%s", b->len ? sep : "", text);
}

static void
print_reasons(const struct summary *s, enum sys_id id)
{
	char why[256], on[128];
	struct strbuf w = STRBUF(why), o = STRBUF(on);

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (s->why & reasons[i].why)
			add(&w, ", ", reasons[i].text);
	for (unsigned i = 0; i < SYS_MAXREGS; i++)
		if (s->regs >> i & 1 && sysdesc_table[id].arg[i].name)
			add(&o, ", ", sysdesc_table[id].arg[i].name);
	printf("%s%s%s%s%s\n", w.len || o.len ? " " : "", w.s, w.len && o.len ? "; " : "", o.len ? "by " : "", o.s);
}

static void
print_call(const char *name, enum sys_id id, const struct summary *s)
{
	char mem[64];
	struct strbuf b = STRBUF(mem);

	if (s->pass)
		add(&b, "|", "pass");
	if (s->refuse)
		add(&b, "|", "refuse");
	if (s->look)
		add(&b, "|", "look");
	printf(s->why || s->regs ? "%-28s %-16s" : "%-28s %s", name, b.s);
	print_reasons(s, id);
}

void
show_plan(const struct policy *floor, const struct layer *layer, size_t n)
{
	const struct abi *abi = &arch_native()->abis[0];
	unsigned pass = 0, refuse = 0, look = 0, mixed = 0;
	struct business b;

	business_init(&b, arch_native(), floor, layer, n, false);
	for (size_t i = 0; i < abi->ncalls; i++) {
		struct summary s = { .why = 0 };

		sum_up(plan_answer(b.plan, 0, abi->calls[i].nr), &s);
		print_call(abi->calls[i].name, sysdesc_find(abi->calls[i].name), &s);
		mixed += s.regs != 0;
		pass += !s.regs && s.pass;
		refuse += !s.regs && s.refuse;
		look += !s.regs && s.look;
	}
	printf("# %s: %u pass, %u are refused without a line, %u are looked at, %u by their arguments\n",
	    abi->name, pass, refuse, look, mixed);
	business_free(&b);
}
