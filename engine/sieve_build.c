/* SPDX-License-Identifier: ISC */
/*
 * A sieve for the rules of one run.  Each rule is listed under something that a
 * call must have for the rule to match: a piece of text that the pattern holds,
 * a port, a value that the condition asks for, a right.  Of all there are it is
 * the one that the fewest rules of the run have.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/xalloc.h"

/* A fuzzer's policies are small. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { FEW = 1 };
#else
enum { FEW = 8 };
#endif
enum { MAX_CLASSES = 48, MAX_PIECE = 8, PORT_BITS = 16 };

struct key {
	struct key *next;
	uint32_t key;
	unsigned class;
};

/* Keys, one of which each call has that the rule matches; NULL: there are none. */
struct keys {
	struct key *first;
	uint32_t shared;		/* by so many, the one that is in most rules */
};

struct filed {
	uint32_t key, rule;
};

struct builder {
	struct pool *scratch;
	struct sieve_class class[MAX_CLASSES];
	unsigned nclasses;
	bool counting;			/* on the first way through the rules; on the second, the counts are there */
	uint32_t *seen;			/* each key as often as it is in rules; sorted for the second */
	size_t nseen, seen_cap;
	struct filed *filed;
	size_t nfiled, filed_cap;
	char text[PATTERN_MAX];
};

/* Classes and keys */

static bool
same_class(const struct sieve_class *a, const struct sieve_class *b)
{
	if (a->kind != b->kind || a->size != b->size || a->subject != b->subject)
		return false;
	return a->kind != SIEVE_NUMBER || (a->op->about == b->op->about && a->op->arg == b->op->arg &&
	    a->op->mask == b->op->mask && a->op->word == b->op->word && a->op->is_signed == b->op->is_signed);
}

/* MAX_CLASSES when there are too many. */
static unsigned
class_of(struct builder *b, struct sieve_class class)
{
	unsigned i = 0;

	while (i < b->nclasses && !same_class(&b->class[i], &class))
		i++;
	if (i == b->nclasses && i < MAX_CLASSES)
		b->class[b->nclasses++] = class;
	return i;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* How many in the sorted list are below, or not above. */
static size_t
rank_in(const struct builder *b, uint32_t key, bool with)
{
	size_t lo = 0, hi = b->nseen;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->seen[mid] < key || (with && b->seen[mid] == key))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t
count(struct builder *b, uint32_t key)
{
	if (!b->counting)
		return (uint32_t)(rank_in(b, key, true) - rank_in(b, key, false));
	xgrow(&b->seen, b->nseen, &b->seen_cap, sizeof(*b->seen));
	b->seen[b->nseen++] = key;
	return 1;
}

static struct keys
one_key(struct builder *b, struct sieve_class class, uint64_t value)
{
	struct keys k = { .first = NULL };
	unsigned i = class_of(b, class);

	if (i == MAX_CLASSES)
		return k;
	k.first = pool_alloc(b->scratch, 1, sizeof(*k.first));
	k.first->class = i;
	k.first->key = sieve_key(i, value);
	k.shared = count(b, k.first->key);
	return k;
}

/* Either will do: the one that says more. */
static struct keys
better(struct keys a, struct keys b)
{
	return !a.first || (b.first && b.shared < a.shared) ? b : a;
}

/* A call has one of the first or one of the others: both are needed. */
static struct keys
both(struct keys a, struct keys b)
{
	struct key *last = b.first;

	if (!a.first || !b.first)
		return (struct keys){ .first = NULL };
	while (last->next)
		last = last->next;
	last->next = a.first;
	b.shared = a.shared > b.shared ? a.shared : b.shared;
	return b;
}

/* Texts */

static unsigned
piece_size(size_t len)
{
	static const uint8_t sizes[] = { MAX_PIECE, 6, 4, 3, 2, 1 };
	unsigned i = 0;

	while (sizes[i] > len)
		i++;
	return sizes[i];
}

/* The best piece of literal text. */
static struct keys
text_keys(struct builder *b, enum sieve_subject subject, const char *text, size_t len)
{
	struct sieve_class class = { .kind = SIEVE_TEXT, .subject = (uint8_t)subject };
	struct keys best = { .first = NULL };

	if (!len)
		return best;
	class.size = (uint8_t)piece_size(len);
	for (size_t at = 0; at + class.size <= len; at++) {
		uint64_t piece = 0;

		for (unsigned i = 0; i < class.size; i++)
			piece = piece << 8 | (unsigned char)text[at + i];
		best = better(best, one_key(b, class, piece));
	}
	return best;
}

/* What the tokens after the literal beginning cannot do without. */
static struct keys
token_keys(struct builder *b, enum sieve_subject subject, const struct pattern *p)
{
	struct keys best = { .first = NULL };
	size_t n = 0;

	for (unsigned i = 0; i <= p->ntok; i++) {
		if (i < p->ntok && p->tok[i].kind == TOK_BYTE) {
			b->text[n++] = (char)p->tok[i].arg;
			continue;
		}
		best = better(best, text_keys(b, subject, b->text, n));
		n = 0;
		if (i < p->ntok && p->tok[i].kind == TOK_OPTIONAL)
			i += 2;
	}
	return best;
}

static struct keys
pattern_keys(struct builder *b, enum sieve_subject subject, const struct pattern *p)
{
	return better(text_keys(b, subject, p->prefix, p->prefix_len), token_keys(b, subject, p));
}

/* Objects */

/* A range is a few blocks of ports with the same first bits. */
static struct keys
port_keys(struct builder *b, const struct addrpat *a)
{
	struct keys keys = { .first = NULL };
	uint32_t lo = a->port_lo;

	while (lo <= a->port_hi) {
		unsigned bits = 0;
		struct keys block;

		while (bits < PORT_BITS && !(lo >> bits & 1) && lo + (2u << bits) - 1 <= a->port_hi)
			bits++;
		block = one_key(b, (struct sieve_class){ .kind = SIEVE_PORTS, .size = (uint8_t)(PORT_BITS - bits) }, lo >> bits);
		keys = lo == a->port_lo ? block : both(keys, block);
		lo += 1u << bits;
	}
	return keys;
}

static struct keys
object_keys(struct builder *b, const struct rule *r)
{
	if (r->kind == OBJ_PATH)
		return token_keys(b, SUBJECT_OBJECT, &r->path);
	if (r->kind == OBJ_ADDR && r->addr.shape == ADDR_IP)
		return port_keys(b, &r->addr);
	if (r->kind == OBJ_ADDR && r->addr.shape > ADDR_FAMILY)
		return token_keys(b, SUBJECT_OBJECT, &r->addr.name);
	return (struct keys){ .first = NULL };
}

static struct keys
right_keys(struct builder *b, const struct rule *r)
{
	struct keys keys = { .first = NULL };

	for (unsigned rights = r->rights; rights; rights &= rights - 1) {
		struct keys one = one_key(b, (struct sieve_class){ .kind = SIEVE_RIGHT }, rights & -rights);

		keys = keys.first ? both(keys, one) : one;
	}
	return keys;
}

/* Conditions */

static struct keys
number_keys(struct builder *b, const struct condop *t)
{
	struct keys keys = { .first = NULL };

	/* In another ABI it asks for other values. */
	if ((t->kind != COND_EQ && t->kind != COND_IN) || t->other)
		return keys;
	for (uint32_t i = 0; i < t->nvals; i++) {
		struct keys one = one_key(b, (struct sieve_class){ .kind = SIEVE_NUMBER, .op = t }, (uint32_t)t->val[i]);

		keys = i ? both(keys, one) : one;
	}
	return keys;
}

static struct keys
texts_keys(struct builder *b, const struct condop *t)
{
	enum sieve_subject subject = t->about == ABOUT_EXE ? SUBJECT_EXE : t->about == ABOUT_ARGV0 ? SUBJECT_ARGV0 : SUBJECT_MODULE;
	struct keys keys = { .first = NULL };

	if (t->kind == COND_NE)
		return keys;
	for (uint32_t i = 0; i < t->nvals; i++) {
		struct keys one = pattern_keys(b, subject, &t->pat[i].text);

		if (t->pat[i].has_function)
			one = better(one, pattern_keys(b, SUBJECT_FUNCTION, &t->pat[i].function));
		keys = i ? both(keys, one) : one;
	}
	return keys;
}

static struct keys
test_keys(struct builder *b, const struct condop *t)
{
	if (t->about == ABOUT_CALLER_FILE)
		return (struct keys){ .first = NULL };
	return t->about >= ABOUT_EXE ? texts_keys(b, t) : number_keys(b, t);
}

/* The condition's tests in their order, as condition_holds() goes through them. */
static struct keys
condition_keys(struct builder *b, const struct condition *c)
{
	struct keys stack[COND_DEPTH + 2] = { { .first = NULL } };
	unsigned n = 0;

	for (unsigned i = 0; i < c->n; i++) {
		switch (c->op[i].kind) {
		case COND_AND:
			n--;
			stack[n - 1] = better(stack[n - 1], stack[n]);
			break;
		case COND_OR:
			n--;
			stack[n - 1] = both(stack[n - 1], stack[n]);
			break;
		case COND_NOT:
			stack[n - 1].first = NULL;
			break;
		default:
			stack[n++] = test_keys(b, &c->op[i]);
		}
	}
	return stack[0];
}

/* Rules */

static struct keys
rule_keys(struct builder *b, const struct rule *r)
{
	struct keys keys = better(object_keys(b, r), condition_keys(b, &r->cond));

	return better(keys, right_keys(b, r));
}

static int
compare_filed(const void *va, const void *vb)
{
	const struct filed *a = va, *b = vb;
	int r = compare_numbers(&a->key, &b->key);

	return r ? r : compare_numbers(&a->rule, &b->rule);
}

static void
file_rule(struct builder *b, struct keys keys, uint32_t rule)
{
	for (const struct key *k = keys.first; k; k = k->next) {
		b->class[k->class].used = true;
		xgrow(&b->filed, b->nfiled, &b->filed_cap, sizeof(*b->filed));
		b->filed[b->nfiled++] = (struct filed){ k->key, rule };
	}
}

static void
add_entries(struct builder *b, struct sieve *s, uint32_t *rule, struct pool *keep)
{
	struct sieve_entry *entry = pool_alloc(keep, b->nfiled, sizeof(*entry));
	size_t n = 0, size = 1;
	uint32_t *bucket;

	while (size < 2 * b->nfiled)
		size *= 2;
	bucket = pool_alloc(keep, size, sizeof(*bucket));
	for (size_t i = 0; i < b->nfiled; i++) {
		const struct filed *f = &b->filed[i];

		if (i && !compare_filed(f, f - 1))
			continue;
		if (!i || f->key != f[-1].key) {
			uint32_t *at = &bucket[f->key & (size - 1)];

			entry[n] = (struct sieve_entry){ .key = f->key, .next = *at, .first = s->nrest + s->nfiled };
			*at = (uint32_t)++n;
		}
		rule[s->nrest + s->nfiled++] = f->rule;
		entry[n - 1].n++;
	}
	s->entry = entry;
	s->bucket = bucket;
	s->mask = (uint32_t)size - 1;
}

/* Files each rule of the run; those without a key come first in the list. */
static const struct sieve *
build(struct builder *b, struct loader *l, const struct rule *const *rule, uint32_t first, uint32_t n)
{
	struct sieve *s = pool_alloc(l->keep, 1, sizeof(*s));
	uint32_t *rest = pool_alloc(b->scratch, n, sizeof(*rest)), *list;

	for (uint32_t i = first; i < first + n; i++) {
		struct keys keys = rule_keys(b, rule[i]);

		if (keys.first)
			file_rule(b, keys, i);
		else
			rest[s->nrest++] = i;
	}
	if (b->nfiled)
		qsort(b->filed, b->nfiled, sizeof(*b->filed), compare_filed);
	list = pool_alloc(l->keep, s->nrest + b->nfiled, sizeof(*list));
	memcpy(list, rest, s->nrest * sizeof(*list));
	add_entries(b, s, list, l->keep);
	s->rule = list;
	s->class = pool_copy(l->keep, b->class, b->nclasses, sizeof(*b->class));
	s->nclasses = b->nclasses;
	return s;
}

const struct sieve *
sieve_build(struct loader *l, enum object_kind kind, uint32_t first, uint32_t n)
{
	const struct rule *const *rule = l->policy->sorted[kind];
	const struct sieve *s;
	struct builder *b;

	/* Where something is wrong nothing is decided, and conditions can be incomplete. */
	if (n <= FEW || l->wrong)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->scratch = pool_new();
	b->counting = true;
	for (uint32_t i = first; i < first + n; i++)
		rule_keys(b, rule[i]);
	b->counting = false;
	if (b->nseen)
		qsort(b->seen, b->nseen, sizeof(*b->seen), compare_numbers);
	s = build(b, l, rule, first, n);
	pool_free(b->scratch);
	free(b->seen);
	free(b->filed);
	free(b);
	return s;
}
