/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/policy_int.h"

#include "engine/pure.h"

static bool
path_matches(const struct pattern *p, const char *path, size_t len)
{
	return p->anonymous == path_anonymous(path, len) && pattern_match(p, path, len);
}

/* The name of a unix address.  Canonical paths can be longer than sun_path is. */
static const char *
unix_name(const struct access *a, size_t *len)
{
	if (a->path) {
		*len = strlen(a->path);
		return a->path;
	}
	*len = a->addr.pathlen;
	return a->addr.path;
}

static bool
unix_matches(const struct addrpat *p, const struct access *a)
{
	size_t len;
	const char *name = unix_name(a, &len);

	if (a->addr.family != NA_UNIX || a->addr.abstract != (p->shape == ADDR_ABSTRACT))
		return false;
	return p->shape == ADDR_ABSTRACT ? pattern_match(&p->name, name, len) : path_matches(&p->name, name, len);
}

static bool
same_network(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

/*
 * A UDP socket takes AF_UNSPEC in sendto(2) for AF_INET, and so does bind(2):
 * what netaddr_parse() found in such an address is an IPv4 one.
 */
static unsigned
effective_family(const struct access *a)
{
	bool disguised = a->addr.family == 0 && a->rights & (R_SEND | R_BIND);

	return disguised ? NA_INET : a->addr.family;
}

static bool
ip_matches(const struct addrpat *p, const struct access *a)
{
	return effective_family(a) == p->family && a->addr.port >= p->port_lo && a->addr.port <= p->port_hi &&
	    same_network(a->addr.ip, p->ip, p->bits);
}

/* `send unspec` refuses what it says, but allows no way around rules for inet. */
static bool
family_matches(const struct rule *r, const struct access *a)
{
	return r->addr.family == effective_family(a) ||
	    (r->addr.family == a->addr.family && r->action != ACT_ALLOW);
}

static bool
addr_matches(const struct rule *r, const struct access *a)
{
	switch (r->addr.shape) {
	case ADDR_ANY:
		return true;
	case ADDR_FAMILY:
		return family_matches(r, a);
	case ADDR_IP:
		return ip_matches(&r->addr, a);
	}
	return unix_matches(&r->addr, a);
}

/* `self` is the narrowest word; nothing covers the supervisor. */
static bool
proc_matches(enum proc_class wanted, enum proc_class is)
{
	return is != PROC_SUPERVISOR && is >= wanted;
}

/* Hashes the path's beginnings, as long as the prefixes that rules have. */
static void
hash_beginnings(struct rulewalk *w)
{
	const struct prefix_index *x = &w->p->prefixes;
	uint32_t hash = HASH_START;
	size_t done = 0;

	for (w->nlens = 0; w->nlens < x->nlens && x->len[w->nlens] <= w->len; w->nlens++) {
		for (; done < x->len[w->nlens]; done++)
			hash = hash_byte(hash, (unsigned char)w->path[done]);
		w->hash[w->nlens] = hash;
	}
}

/* Goes on with those of the rules from first to end that the sieve leaves.  text: what of the object is not known yet. */
static void
enter_run(struct rulewalk *w, size_t first, size_t end, const struct sieve *sieve, const char *text, size_t len)
{
	const struct sifted about = { .ev = w->ev, .a = w->a, .text = text, .len = len };

	w->next = first;
	w->end = end;
	if (sieve && sift_start(&w->sift, sieve, &about))
		w->next = end;
}

static void
start_path(struct rulewalk *w)
{
	w->path = w->a->path;
	w->len = strlen(w->path);
	w->anonymous = path_anonymous(w->path, w->len);
	/* Rules for what lies below a directory begin otherwise: all are looked at. */
	if (!w->a->tree) {
		hash_beginnings(w);
		return;
	}
	w->list = w->p->trees;
	w->end = w->p->nsorted[OBJ_PATH];
}

void
rulewalk_start(struct rulewalk *w, const struct layer *l, int kind, const struct sysevent *ev, const struct access *a)
{
	const struct policy *p = l->policy;

	w->p = p;
	w->phases = l->phases;
	w->ev = ev;
	w->a = a;
	w->kind = kind;
	w->list = p->sorted[kind];
	w->next = w->end = 0;
	w->sift.n = 0;
	w->chain = 0;
	w->nlens = 0;
	w->level = 0;
	switch (kind) {
	case OBJ_PATH:
		start_path(w);
		break;
	case OBJ_PROC:
		enter_run(w, 0, p->nsorted[OBJ_PROC], p->proc_sieve, NULL, 0);
		break;
	case OBJ_CALL:
		enter_run(w, p->call_at[ev->id], p->call_at[ev->id + 1], p->call_sieve[ev->id], NULL, 0);
		break;
	}
}

/* Moves on to the rules of the next prefix that the path may have; false when there is none. */
static bool
next_prefix(struct rulewalk *w)
{
	const struct prefix_index *x = &w->p->prefixes;

	for (;;) {
		while (w->chain) {
			const struct prefix *f = &x->prefix[w->chain - 1];

			w->chain = f->next;
			if (f->hash != w->hash[w->nlens] || f->len != x->len[w->nlens])
				continue;
			enter_run(w, f->first, (size_t)f->first + f->n, f->sieve, w->path + f->len, w->len - f->len);
			return true;
		}
		if (!w->nlens)
			return false;
		w->nlens--;
		w->chain = x->bucket[w->hash[w->nlens] & x->mask];
	}
}

/* Has the address a beginning that rules of this level could be about? */
static bool
level_applies(const struct addr_level *l, const struct access *a)
{
	size_t len;

	if (l->shape <= ADDR_FAMILY)
		return true;
	if (l->shape == ADDR_IP)
		return l->family == effective_family(a);
	unix_name(a, &len);
	return a->addr.family == NA_UNIX && a->addr.abstract == (l->shape == ADDR_ABSTRACT) && len >= l->len;
}

static void
enter_addrs(struct rulewalk *w, const struct prefix *run)
{
	const struct addr_level *l = &w->p->addrs.level[run->len];
	size_t len = 0, skip = l->shape == ADDR_UNIX || l->shape == ADDR_ABSTRACT ? l->len : 0;
	const char *name = unix_name(w->a, &len);

	/* A level of names applies to those that are long enough. */
	enter_run(w, run->first, (size_t)run->first + run->n, run->sieve, name + skip, len - skip);
}

/* Moves on to the rules that the address may be of, the narrower first; false when there are no more. */
static bool
next_addrs(struct rulewalk *w)
{
	const struct addr_index *x = &w->p->addrs;
	size_t len;

	for (;;) {
		while (w->chain) {
			const struct prefix *run = &x->run[w->chain - 1];

			w->chain = run->next;
			if (run->hash != w->hash[0] || run->len + 1u != w->level)
				continue;
			enter_addrs(w, run);
			return true;
		}
		if (w->level == x->nlevels)
			return false;
		if (!level_applies(&x->level[w->level++], w->a))
			continue;
		w->hash[0] = hash_addr(&x->level[w->level - 1], w->a->addr.ip, unix_name(w->a, &len));
		w->chain = x->bucket[w->hash[0] & x->mask];
	}
}

/* A directory moves with all it holds: to allow takes a rule for all of it, to refuse one for any of it. */
static bool
tree_matches(const struct rulewalk *w, const struct rule *r)
{
	if (r->path.anonymous != w->anonymous)
		return false;
	return r->action == ACT_ALLOW ? pattern_covers_tree(&r->path, w->path, w->len) :
	    pattern_reaches_tree(&r->path, w->path, w->len);
}

static bool
rule_matches(const struct rulewalk *w, const struct rule *r)
{
	switch (w->kind) {
	case OBJ_PATH:
		if (w->a->tree)
			return tree_matches(w, r);
		return r->path.anonymous == w->anonymous && pattern_match(&r->path, w->path, w->len);
	case OBJ_ADDR:
		return addr_matches(r, w->a);
	case OBJ_PROC:
		return proc_matches(r->proc, w->a->proc);
	}
	return w->kind == OBJ_CALL;
}

bool
rule_covers(const struct rule *r, const struct access *a)
{
	struct rulewalk w = { .kind = r->kind, .a = a, .path = a->path, .len = a->path ? strlen(a->path) : 0 };

	if (r->kind == OBJ_PATH && !a->path)
		return false;
	w.anonymous = r->kind == OBJ_PATH && path_anonymous(a->path, w.len);
	return rule_matches(&w, r);
}

static bool
next_of_run(struct rulewalk *w, size_t *i)
{
	if (w->next < w->end) {
		*i = w->next++;
		return true;
	}
	return sift_next(&w->sift, i);
}

const struct rule *
rulewalk_next(struct rulewalk *w, unsigned rights)
{
	size_t i;

	do {
		while (next_of_run(w, &i)) {
			const struct rule *r = w->list[i];

			if ((r->rights & rights || w->kind == OBJ_CALL) && rule_is_open(r, w->phases) && rule_matches(w, r) &&
			    condition_holds(&r->cond, w->ev))
				return r;
		}
	} while ((w->kind == OBJ_PATH && next_prefix(w)) || (w->kind == OBJ_ADDR && next_addrs(w)));
	return NULL;
}

/* On a 32-bit ABI a word is 32 bits, and -1 in a policy means all of them. */
static uint64_t
cut_word(uint64_t v)
{
	return v >= 0xffffffff80000000 ? v & 0xffffffff : v;
}

static uint64_t
normal(const struct condop *t, const struct sysevent *ev, uint64_t v)
{
	if (!t->word || ev->wordsize != 4)
		return v;
	v = cut_word(v);
	return t->is_signed && v >> 31 == 1 ? v | 0xffffffff00000000 : v;
}

static int
order(const struct condop *t, uint64_t a, uint64_t b)
{
	if (t->is_signed)
		return ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b);
	return (a > b) - (a < b);
}

static bool
one_of(const struct condop *t, const struct sysevent *ev, uint64_t v)
{
	for (uint32_t i = 0; i < t->nvals; i++)
		if (normal(t, ev, t->val[i]) == v)
			return true;
	return false;
}

/* Who needs what is not there is refused before (policy_needs): what is said here then does not count. */
static const char *
text_of(const struct condop *t, const struct sysevent *ev)
{
	switch (t->about) {
	case ABOUT_EXE:
		return ev->process ? ev->process->exe : NULL;
	case ABOUT_ARGV0:
		return ev->process ? ev->process->argv0 : NULL;
	case ABOUT_CALLER:
		return ev->caller ? ev->caller->module : NULL;
	}
	return NULL;
}

static bool
function_matches(const struct textpat *p, const struct sysevent *ev)
{
	const char *function = ev->caller ? ev->caller->function : NULL;

	return !p->has_function || (function && pattern_match(&p->function, function, strlen(function)));
}

static bool
text_matches(const struct condop *t, const struct sysevent *ev)
{
	const char *text = text_of(t, ev), *last;

	if (!text)
		return false;
	last = strrchr(text, '/');
	last = last ? last + 1 : text;
	for (uint32_t i = 0; i < t->nvals; i++) {
		const char *part = t->pat[i].whole ? text : last;

		if (pattern_match(&t->pat[i].text, part, strlen(part)) && function_matches(&t->pat[i], ev))
			return true;
	}
	return false;
}

uint64_t
condop_number(const struct condop *t, const struct sysevent *ev)
{
	static const struct process nobody;
	const struct process *p = ev->process ? ev->process : &nobody;

	switch (t->about) {
	case ABOUT_ARG:
		return normal(t, ev, ev->arg[t->arg].val) & t->mask;
	case ABOUT_UID:
		return p->uid;
	case ABOUT_EUID:
		return p->euid;
	case ABOUT_GID:
		return p->gid;
	}
	return p->egid;
}

/* Where a constant has another value in the ABI of the call, there is another test. */
static const struct condop *
for_abi(const struct condop *t, const struct sysevent *ev)
{
	for (const struct condop *o = t->other; o && ev->abi; o = o->other)
		if (!strcmp(o->abi, ev->abi))
			return o;
	return t;
}

bool
condop_holds(const struct condop *t, const struct sysevent *ev)
{
	uint64_t v, want;

	t = for_abi(t, ev);
	if (t->about == ABOUT_CALLER_FILE)
		return ev->caller && ev->caller->file;
	if (t->about >= ABOUT_EXE)
		return text_matches(t, ev) == (t->kind != COND_NE);
	v = condop_number(t, ev);
	want = normal(t, ev, t->val[0]);
	switch (t->kind) {
	case COND_EQ:
		return v == want;
	case COND_NE:
		return v != want;
	case COND_LT:
		return order(t, v, want) < 0;
	case COND_LE:
		return order(t, v, want) <= 0;
	case COND_GT:
		return order(t, v, want) > 0;
	case COND_GE:
		return order(t, v, want) >= 0;
	case COND_HAS:
		return (v & want) == want;
	case COND_WITHIN:
		return (v & ~want) == 0;
	}
	return one_of(t, ev, v);
}

/* The results that wait are bits of one word: a policy cannot nest deeper than COND_DEPTH. */
bool
condition_holds(const struct condition *c, const struct sysevent *ev)
{
	uint64_t stack = 1;

	for (unsigned i = 0; i < c->n; i++) {
		unsigned top = stack & 1;

		switch (c->op[i].kind) {
		case COND_AND:
			stack = stack >> 1 & (top ? ~(uint64_t)0 : ~(uint64_t)1);
			break;
		case COND_OR:
			stack = stack >> 1 | top;
			break;
		case COND_NOT:
			stack ^= 1;
			break;
		default:
			stack = stack << 1 | condop_holds(&c->op[i], ev);
		}
	}
	return stack & 1;
}

bool
policy_lifts(const struct policy *p, const char *guard)
{
	for (size_t i = 0; i < p->nunsafe; i++)
		if (!strcmp(p->unsafe[i].word, guard))
			return true;
	return false;
}
