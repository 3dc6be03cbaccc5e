/* SPDX-License-Identifier: ISC */
/*
 * Policies of any bytes: an error with a message, or a policy that shows itself
 * as text which means the same; and each decision is the one that looking at
 * all rules comes to.
 */
#include "lib/strbuf.h"
#include "tests/fuzz/fuzz.h"

/* The rule that decides by what the manual says of specificity, found without any index. */
static const struct rule *
most_specific(const struct layer *l, const struct sysevent *ev, unsigned right)
{
	const struct rule *best = NULL;

	for (size_t i = 0; i < l->policy->nrules; i++) {
		const struct rule *r = l->policy->rule[i];
		bool kin = right ? r->rights & right : r->kind == OBJ_CALL && r->id == ev->id;

		if (!kin || !rule_is_open(r, l->phases) || (right && !rule_covers(r, ev->access)) || !condition_holds(&r->cond, ev))
			continue;
		if (!best || r->rank > best->rank || (r->rank == best->rank && (r->terms > best->terms ||
		    (r->terms == best->terms && r->action < best->action))))
			best = r;
	}
	return best;
}

static bool
as_good(const struct rule *a, const struct rule *b)
{
	return a == b || (a && b && a->rank == b->rank && a->terms == b->terms && a->action == b->action);
}

/* One right on one object, and the call let in. */
static void
check_right(const struct layer *l, const struct sysevent *ev, unsigned right)
{
	const struct rule *found = rule_for_right(l, ev, ev->access, right), *wanted = most_specific(l, ev, right);

	MUST(as_good(found, wanted), "right %#x on %s: found %s, wanted %s", right,
	    ev->access->path ? ev->access->path : "-", found ? found->object : "none", wanted ? wanted->object : "none");
}

/* The rule that a verdict tells the line of. */
static const struct rule *
rule_of(const struct policy *p, const struct verdict *v)
{
	for (size_t i = 0; v->reason == WHY_RULE && i < p->nrules; i++)
		if (&p->rule[i]->origin == v->origin)
			return p->rule[i];
	return NULL;
}

/* The call itself, when its rules had the last word. */
static void
check_call(const struct layer *l, const struct sysevent *ev, const struct verdict *v)
{
	const struct rule *found = rule_of(l->policy, v), *wanted = most_specific(l, ev, 0);

	if (v->reason == WHY_RULE || v->reason == WHY_DEFAULT)
		MUST(as_good(found, wanted), "%s: found %s, wanted %s", sysdesc_table[ev->id].name,
		    found && found->when ? found->when : "none", wanted && wanted->when ? wanted->when : "none");
}

/* Nothing of what is printed may fail on what any policy says. */
static void
check_words(const struct layer *l, const struct sysevent *ev, const struct verdict *v)
{
	static char rule[1 << 16], why[1 << 12];
	struct strbuf a = STRBUF(rule), b = STRBUF(why);
	const struct origin *where;

	policy_nearest(l, ev, v, &a, &b, &where);
	strbuf_init(&a, rule, sizeof(rule));
	policy_suggest(ev, v, &a);
	strbuf_init(&b, why, sizeof(why));
	sysevent_print(ev, &b);
}

static void
check_event(void *ctx, const struct sysevent *ev)
{
	const struct layer l = { .policy = ctx, .phases = 0xaaaaaaaa };
	struct verdict v = policy_decide(NULL, &l, 1, ev);

	check_words(&l, ev, &v);
	for (unsigned right = 1; ev->naccess && right <= R_TRACE; right <<= 1)
		if (ev->access->rights & right)
			check_right(&l, ev, right);
	if (!ev->naccess)
		check_call(&l, ev, &v);
}

static void
ignore_finding(void *ctx, const char *kind, const struct origin *o, const char *text)
{
	MUST(kind && text[0], "an empty finding");
	(void)ctx;
	(void)o;
}

static void
ignore_exposure(void *ctx, const struct exposure *e)
{
	MUST(e->text[0], "an empty sentence");
	(void)ctx;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct exposure_about about = { .home = "/home/u" };
	struct fuzz_host host;
	struct policy *p, *q;
	char *shown, *again;

	if (n > FUZZ_LONGEST)
		return 0;
	fuzz_host_init(&host, bytes, n);
	p = fuzz_load(&host, NULL);
	if (!p)
		return 0;
	policy_lint(p, NULL, ignore_finding, NULL);
	policy_exposure(p, &about, ignore_exposure, NULL);
	fuzz_events(p, check_event, p);
	shown = fuzz_show(p);
	q = fuzz_load(&host, shown);
	MUST(q, "what is shown does not load:\n%s", shown);
	again = fuzz_show(q);
	MUST(!strcmp(shown, again), "shown\n%s\nand again\n%s", shown, again);
	fuzz_must_decide_alike(p, q, shown);
	policy_free(p);
	policy_free(q);
	free(shown);
	free(again);
	return 0;
}
