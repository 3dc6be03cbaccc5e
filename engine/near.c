/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/policy_int.h"
#include "lib/strbuf.h"

/*
 * How near a rule came, the larger the nearer; what follows a class in the
 * number is how near within it.
 */
enum {
	NEAR_OBJECT	= 1u << 20,	/* the right is given, on another object */
	NEAR_RIGHT	= 2u << 20,	/* the object is the one, the right another */
	NEAR_CONDITION	= 3u << 20,	/* only its condition does not hold */
	NEAR_PHASE	= 4u << 20,	/* only its phase has ended */
	NEAR_OUTRANKED	= 5u << 20,	/* it would let the call in, and a narrower line refuses */
	NEAR_CLASS	= 7u << 20,
};

enum { MAX_LEAVES = 256 };

/* What is looked for, and the best so far. */
struct search {
	const struct layer *layer;
	const struct sysevent *ev;
	const struct access *a;		/* NULL: the call itself */
	unsigned right;
	const struct rule *best;
	unsigned score;
};

/* Which tests of a condition stand under an odd number of `not`. */
static void
find_negated(const struct condition *c, bool negated[MAX_LEAVES])
{
	unsigned start[COND_DEPTH + 1], depth = 0;

	memset(negated, 0, MAX_LEAVES * sizeof(*negated));
	for (unsigned i = 0; i < c->n && i < MAX_LEAVES; i++) {
		switch (c->op[i].kind) {
		case COND_NOT:
			for (unsigned k = start[depth - 1]; k < i; k++)
				negated[k] = !negated[k];
			break;
		case COND_AND:
		case COND_OR:
			depth--;
			break;
		default:
			start[depth++] = i;
		}
	}
}

static bool
is_test(const struct condop *t)
{
	return t->kind > COND_NOT || t->about == ABOUT_CALLER_FILE;
}

/* The tests that would have to come out otherwise. */
static unsigned
find_failing(const struct condition *c, const struct sysevent *ev, const struct condop *failing[MAX_LEAVES])
{
	bool negated[MAX_LEAVES];
	unsigned n = 0;

	find_negated(c, negated);
	for (unsigned i = 0; i < c->n && i < MAX_LEAVES; i++)
		if (is_test(&c->op[i]) && condop_holds(&c->op[i], ev) == negated[i])
			failing[n++] = &c->op[i];
	return n;
}

static void
print_text(const char *name, const char *text, struct strbuf *b)
{
	strbuf_addf(b, "%s is ", name);
	if (text)
		strbuf_quote(b, text, strlen(text), 200);
	else
		strbuf_add(b, "unknown");
}

static void
print_caller(const struct caller *c, struct strbuf *b)
{
	if (!c || !c->module) {
		strbuf_add(b, c ? "caller is memory that is no file's text" : "caller is unknown");
		return;
	}
	print_text("caller", c->module, b);
	if (c->function) {
		strbuf_add(b, " in ");
		strbuf_escape(b, c->function, strlen(c->function), "");
	}
}

/* What a test is about, and what it was found to be: "prot is PROT_READ|PROT_EXEC". */
static void
print_subject(const struct condop *t, const struct sysevent *ev, struct strbuf *b)
{
	static const struct process nobody;
	const struct process *p = ev->process ? ev->process : &nobody;
	const struct argdesc *arg = &sysdesc_table[ev->id].arg[t->arg];

	switch ((enum condop_subject)t->about) {
	case ABOUT_ARG:
		strbuf_addf(b, "%s is ", arg->name);
		if (!value_print(arg, ev->arg[t->arg].val, ev->abi, b))
			strbuf_addf(b, "0x%llx", (unsigned long long)ev->arg[t->arg].val);
		break;
	case ABOUT_UID:
		strbuf_addf(b, "process.uid is %u", p->uid);
		break;
	case ABOUT_EUID:
		strbuf_addf(b, "process.euid is %u", p->euid);
		break;
	case ABOUT_GID:
		strbuf_addf(b, "process.gid is %u", p->gid);
		break;
	case ABOUT_EGID:
		strbuf_addf(b, "process.egid is %u", p->egid);
		break;
	case ABOUT_EXE:
		print_text("exe", p->exe, b);
		break;
	case ABOUT_ARGV0:
		print_text("argv[0]", p->argv0, b);
		break;
	case ABOUT_CALLER:
	case ABOUT_CALLER_FILE:
		print_caller(ev->caller, b);
		break;
	}
}

/* Each subject once. */
static void
print_failing(const struct condition *c, const struct sysevent *ev, struct strbuf *b)
{
	const struct condop *failing[MAX_LEAVES];
	unsigned n = find_failing(c, ev, failing);
	const char *and = "";

	for (unsigned i = 0; i < n; i++) {
		bool said = false;

		for (unsigned k = 0; k < i; k++)
			said |= failing[k]->about == failing[i]->about && failing[k]->arg == failing[i]->arg;
		if (said)
			continue;
		strbuf_add(b, and);
		print_subject(failing[i], ev, b);
		and = ", ";
	}
}

/* How many directories two paths have in common. */
static unsigned
common_directories(const char *prefix, size_t len, const char *path)
{
	unsigned n = 0;

	for (size_t i = 1; i < len && path[i] == prefix[i] && path[i]; i++)
		n += prefix[i] == '/';
	return n;
}

static unsigned
path_nearness(const struct rule *r, const char *path)
{
	unsigned n;

	if (!path || r->path.anonymous || path[0] != '/')
		return 0;
	n = common_directories(r->path.prefix, r->path.prefix_len, path);
	return n > 1 ? NEAR_OBJECT + n : 0;	/* /usr alone is not near */
}

static unsigned
common_bits(const uint8_t *a, const uint8_t *b)
{
	unsigned n = 0;

	while (n < 128 && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
		n++;
	return n;
}

static unsigned
addr_nearness(const struct rule *r, const struct access *a)
{
	const struct addrpat *p = &r->addr;

	if (p->family != a->addr.family || p->shape <= ADDR_FAMILY)
		return 0;
	if (p->shape != ADDR_IP)
		return a->path ? path_nearness(&(struct rule){ .path = p->name }, a->path) : NEAR_OBJECT + 1;
	return NEAR_OBJECT + 1 + common_bits(p->ip, a->addr.ip) * 2 + (a->addr.port >= p->port_lo && a->addr.port <= p->port_hi);
}

static unsigned
object_nearness(const struct rule *r, const struct access *a)
{
	switch (r->kind) {
	case OBJ_PATH:
		return path_nearness(r, a->path);
	case OBJ_ADDR:
		return addr_nearness(r, a);
	}
	return NEAR_OBJECT;
}

static unsigned
nearness(const struct search *s, const struct rule *r)
{
	const struct condop *failing[MAX_LEAVES];

	if (s->a && !rule_covers(r, s->a))
		return r->rights & s->right ? object_nearness(r, s->a) : 0;
	if (s->a && !(r->rights & s->right))
		return NEAR_RIGHT;
	if (!condition_holds(&r->cond, s->ev))
		return NEAR_CONDITION + MAX_LEAVES - find_failing(&r->cond, s->ev, failing);
	return rule_is_open(r, s->layer->phases) ? NEAR_OUTRANKED : NEAR_PHASE;
}

static void
try_rule(struct search *s, const struct rule *r)
{
	unsigned score = r->action == ACT_ALLOW ? nearness(s, r) : 0;

	if (score <= s->score)
		return;
	s->best = r;
	s->score = score;
}

/* Where forms of a call share a line, the rule that was written has the text. */
static void
search_calls(struct search *s)
{
	const struct policy *p = s->layer->policy;

	for (uint32_t i = p->call_at[s->ev->id]; i < p->call_at[s->ev->id + 1]; i++)
		try_rule(s, p->sorted[OBJ_CALL][i]);
}

static void
search_objects(struct search *s, enum object_kind kind)
{
	const struct policy *p = s->layer->policy;

	for (size_t i = 0; i < p->nsorted[kind]; i++)
		if (!p->sorted[kind][i]->hidden)
			try_rule(s, p->sorted[kind][i]);
}

/* Who may connect has his socket with it, as long as no line is about sockets. */
static void
print_missing_right(const struct search *s, struct strbuf *b)
{
	bool implies = s->right == R_SOCKET && s->best->rights & (R_CONNECT | R_BIND | R_SEND);

	strbuf_add(b, implies ? "it gives socket only where no line is about that" : "it does not give ");
	if (!implies)
		rights_print(s->right, b);
}

static void
print_why(const struct search *s, struct strbuf *b)
{
	const struct rule *r = s->best;

	switch (s->score & NEAR_CLASS) {
	case NEAR_OUTRANKED:
		strbuf_add(b, "the line that refuses is narrower, or as narrow");
		break;
	case NEAR_PHASE:
		strbuf_addf(b, "its phase %s has ended", s->layer->policy->phase[r->phase - 1].name);
		break;
	case NEAR_CONDITION:
		strbuf_add(b, "its condition does not hold: ");
		print_failing(&r->cond, s->ev, b);
		break;
	case NEAR_RIGHT:
		print_missing_right(s, b);
		break;
	default:
		strbuf_add(b, "it is about another object");
	}
}

bool
policy_nearest(const struct layer *l, const struct sysevent *ev, const struct verdict *v, struct strbuf *rule,
    struct strbuf *why, const struct origin **where)
{
	struct search s = { .layer = l, .ev = ev };

	if (v->action == ACT_ALLOW || (v->reason != WHY_RULE && v->reason != WHY_DEFAULT) || ev->id == SYS_ID_none)
		return false;
	if (v->access >= 0 && (unsigned)v->access < ev->naccess) {
		static const uint8_t kinds[] = { [ACC_PATH] = OBJ_PATH, [ACC_ADDR] = OBJ_ADDR, [ACC_PROC] = OBJ_PROC };

		s.a = &ev->access[v->access];
		s.right = v->rights;
		search_objects(&s, kinds[s.a->kind]);
	} else {
		search_calls(&s);
	}
	if (!s.best)
		return false;
	rule_print(l->policy, s.best, rule);
	print_why(&s, why);
	*where = &s.best->origin;
	return true;
}
