/* SPDX-License-Identifier: ISC */
#include "tests/fuzz/fuzz.h"

enum { MAX_RULES_TRIED = 200, MAX_TESTS_TRIED = 8, VARIANTS = 5, SAMPLE = 2 * PATTERN_MAX };

/* An event and what it borrows. */
struct made {
	struct sysevent ev;
	struct access access;
	struct caller caller;
	struct process process;
	char object[SAMPLE], module[SAMPLE], function[SAMPLE], exe[SAMPLE], argv0[SAMPLE];
};

/* Texts by patterns.  Variant 0 is as short as it can be, 1 to 3 are not, 4 is a byte too long. */

static char
set_member(const struct byteset *s, unsigned variant)
{
	for (unsigned i = 0; i < 256; i++) {
		unsigned c = variant ? (i + 'a') & 255 : i ? i : '0';

		if (c && s->bits[c / 64] >> (c % 64) & 1)
			return (char)c;
	}
	return '?';
}

static size_t
token_sample(const struct pattern *p, const struct pattok *t, unsigned variant, char *out)
{
	static const char *const star[VARIANTS] = { "", "s", "..", "q0", "x" }, *const deep[VARIANTS] = { "", "d", "d/e", "", "/" };
	const char *text = t->kind == TOK_STAR ? star[variant] : t->kind == TOK_DEEP ? deep[variant] : "";

	switch (t->kind) {
	case TOK_BYTE:
		*out = (char)t->arg;
		return 1;
	case TOK_ONE:
		*out = 'q';
		return 1;
	case TOK_SET:
		*out = set_member(&p->set[t->arg], variant);
		return 1;
	}
	memcpy(out, text, strlen(text));
	return strlen(text);
}

static size_t
sample(const struct pattern *p, unsigned variant, char out[SAMPLE])
{
	size_t n = p->prefix_len;

	memcpy(out, p->prefix, n);
	for (unsigned i = 0; i < p->ntok && n + 8 < SAMPLE; i++) {
		if (p->tok[i].kind == TOK_OPTIONAL && variant == 0)
			i += 2;
		else
			n += token_sample(p, &p->tok[i], variant, out + n);
	}
	if (variant == VARIANTS - 1)
		out[n++] = 'y';
	out[n] = '\0';
	return n;
}

/* Values by conditions. */

static void
text_suits(struct made *m, const struct condop *t, unsigned variant)
{
	const struct textpat *pat = &t->pat[variant % t->nvals];
	char *out = t->about == ABOUT_EXE ? m->exe : t->about == ABOUT_ARGV0 ? m->argv0 : m->module;
	size_t n = 0;

	if (!pat->whole && variant % 2)
		n = (size_t)snprintf(out, SAMPLE, "/usr/lib/");
	if (pat->text.prefix_len + n < PATTERN_MAX)
		sample(&pat->text, variant, out + n);
	if (pat->has_function) {
		sample(&pat->function, variant, m->function);
		m->caller.function = m->function;
	}
}

static void
number_suits(struct made *m, const struct condop *t, unsigned variant)
{
	uint64_t v = t->nvals ? t->val[variant % t->nvals] : 0;

	v = variant < 2 ? v : variant == 2 ? v + 1 : v - 1;
	switch (t->about) {
	case ABOUT_ARG:
		m->ev.arg[t->arg].val = v;
		break;
	case ABOUT_UID:
		m->process.uid = (uint32_t)v;
		break;
	case ABOUT_EUID:
		m->process.euid = (uint32_t)v;
		break;
	case ABOUT_GID:
		m->process.gid = (uint32_t)v;
		break;
	case ABOUT_EGID:
		m->process.egid = (uint32_t)v;
		break;
	}
}

static void
test_suits(struct made *m, const struct condop *t, unsigned variant)
{
	if (t->kind <= COND_NOT)
		return;
	if (t->about == ABOUT_CALLER_FILE)
		m->caller.file = variant % 2;
	else if (t->about >= ABOUT_EXE && t->nvals)
		text_suits(m, t, variant);
	else
		number_suits(m, t, variant);
}

static void
condition_suits(struct made *m, const struct condition *c, unsigned variant)
{
	for (unsigned i = 0; i < c->n; i++)
		test_suits(m, &c->op[i], variant);
}

/* Objects by rules. */

static void
address_suits(struct made *m, const struct addrpat *p, unsigned variant)
{
	const uint16_t ports[VARIANTS] = {
		p->port_lo, p->port_hi, (uint16_t)((p->port_lo + p->port_hi) / 2), p->port_lo, (uint16_t)(p->port_hi + 1),
	};
	struct netaddr *a = &m->access.addr;
	size_t n;

	a->family = p->shape == ADDR_ANY ? NA_INET6 : p->family;
	memcpy(a->ip, p->ip, sizeof(a->ip));
	a->port = ports[variant];
	if (variant == 3)
		a->ip[p->bits / 8 % 16] ^= (uint8_t)(0x80 >> p->bits % 8);
	if (p->shape != ADDR_UNIX && p->shape != ADDR_ABSTRACT)
		return;
	a->abstract = p->shape == ADDR_ABSTRACT;
	n = sample(&p->name, variant, m->object);
	if (n < sizeof(a->path)) {
		memcpy(a->path, m->object, n + 1);
		a->pathlen = (uint8_t)n;
	} else {
		m->access.path = m->object;
	}
}

static void
object_suits(struct made *m, const struct rule *r, unsigned variant)
{
	m->access.rights = r->rights;
	m->ev.naccess = 1;
	switch (r->kind) {
	case OBJ_PATH:
		m->ev.id = r->rights & R_EXEC ? SYS_ID_execve : SYS_ID_openat;
		m->access.kind = ACC_PATH;
		m->access.path = m->object;
		sample(&r->path, variant, m->object);
		break;
	case OBJ_ADDR:
		m->ev.id = SYS_ID_connect;
		m->access.kind = ACC_ADDR;
		address_suits(m, &r->addr, variant);
		break;
	case OBJ_PROC:
		m->ev.id = SYS_ID_kill;
		m->access.kind = ACC_PROC;
		m->access.proc = variant % (PROC_SELF + 1);
		break;
	default:
		m->ev.id = r->id;
		m->ev.naccess = 0;
	}
}

static void
make(struct made *m, unsigned variant)
{
	memset(&m->ev, 0, sizeof(m->ev));
	memset(&m->access, 0, sizeof(m->access));
	memset(&m->process, 0, sizeof(m->process));
	memset(&m->caller, 0, sizeof(m->caller));
	m->ev.abi = "x86_64";
	m->ev.wordsize = variant == 2 ? 4 : 8;
	m->ev.access = &m->access;
	strcpy(m->exe, "/usr/bin/x");
	strcpy(m->argv0, "x");
	strcpy(m->module, "/usr/lib/libx.so");
	m->caller.module = m->module;
	m->process.exe = m->exe;
	m->process.argv0 = m->argv0;
	if (variant != 4) {
		m->ev.caller = &m->caller;
		m->ev.process = &m->process;
	}
}

/* One test of the condition and the others not: what a rule with "or" is also about. */
static void
events_for_tests(struct made *m, const struct rule *r, fuzz_event *each, void *ctx)
{
	for (unsigned i = 0; r->cond.n > 1 && i < r->cond.n && i < MAX_TESTS_TRIED; i++) {
		make(m, 0);
		object_suits(m, r, 1);
		test_suits(m, &r->cond.op[i], i % 2);
		m->ev.wordsize = i % 2 ? 4 : 8;
		each(ctx, &m->ev);
	}
}

static void
events_for_rule(struct made *m, const struct rule *r, fuzz_event *each, void *ctx)
{
	for (unsigned variant = 0; variant < VARIANTS; variant++) {
		make(m, variant);
		object_suits(m, r, variant);
		condition_suits(m, &r->cond, variant);
		each(ctx, &m->ev);
		if (r->kind != OBJ_PATH)
			continue;
		m->access.rights = R_PATHS;
		each(ctx, &m->ev);
		m->access.tree = true;
		each(ctx, &m->ev);
	}
	events_for_tests(m, r, each, ctx);
}

/* What no rule is about, or the language has a word of its own for. */
static void
events_for_all(struct made *m, fuzz_event *each, void *ctx)
{
	static const uint16_t ids[] = { SYS_ID_none, SYS_ID_exit, SYS_ID_fork, SYS_ID_clone, SYS_ID_ptrace, SYS_ID_mount };

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		make(m, i % VARIANTS);
		m->ev.id = ids[i];
		each(ctx, &m->ev);
	}
}

void
fuzz_events(const struct policy *p, fuzz_event *each, void *ctx)
{
	static struct made made;
	size_t step = p->nrules / MAX_RULES_TRIED + 1;

	for (size_t i = 0; i < p->nrules; i += step)
		events_for_rule(&made, p->rule[i], each, ctx);
	events_for_all(&made, each, ctx);
}

struct pair {
	const struct policy *a, *b;
	const char *about;
};

static void
describe(const struct sysevent *ev, const struct verdict *v, const struct verdict *w)
{
	fprintf(stderr, "%s %s rights %#x: action %d/%d err %d/%d reason %d/%d\n", sysdesc_table[ev->id].name,
	    ev->naccess && ev->access[0].path ? ev->access[0].path : "-", ev->naccess ? ev->access[0].rights : 0,
	    v->action, w->action, v->err, w->err, v->reason, w->reason);
}

static void
decide_both(void *ctx, const struct sysevent *ev)
{
	const struct pair *pair = ctx;
	const uint32_t open[] = { 0, UINT32_MAX, 1, 0x55555555 };

	for (unsigned i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct layer a = { .policy = pair->a, .phases = open[i] }, b = { .policy = pair->b, .phases = open[i] };
		struct verdict v = policy_decide(NULL, &a, 1, ev), w = policy_decide(NULL, &b, 1, ev);
		struct moment moment = { .call = ev, .exec = i == 1, .elapsed_ms = (uint64_t)i * 1000, .mark = i ? "x" : NULL };
		bool same = v.action == w.action && v.err == w.err && v.reason == w.reason && v.log == w.log &&
		    v.quiet == w.quiet && v.rights == w.rights && v.access == w.access;

		if (!same)
			describe(ev, &v, &w);
		MUST(same, "phases %#x, about\n%s", open[i], pair->about);
		MUST(policy_transitions(&a, ev, NULL, 0) == policy_transitions(&b, ev, NULL, 0), "%s", pair->about);
		MUST(policy_phases_ended(&a, &moment) == policy_phases_ended(&b, &moment), "phases %#x, about\n%s", open[i], pair->about);
	}
	MUST(policy_needs(pair->a, ev) == policy_needs(pair->b, ev), "%s", pair->about);
}

void
fuzz_must_decide_alike(const struct policy *a, const struct policy *b, const char *about)
{
	struct pair pair = { .a = a, .b = b, .about = about };

	fuzz_events(a, decide_both, &pair);
}
